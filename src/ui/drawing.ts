/** A step's place in the drawing of the graph. */
export interface DrawnStep {
  id: string;
  x: number;
  y: number;
}

/** Where everything is in the drawing of a run's graph, in pixels. What each step does is shown by its colour. */
export interface Drawing {
  width: number;
  height: number;
  /** The size of a step, and whether its name is in it. */
  box: { width: number; height: number; named: boolean };
  steps: DrawnStep[];
  /** Paths of SVG. */
  edges: string[];
  /** Edges that are not drawn, as there are too many. */
  edges_left_out: number;
}
