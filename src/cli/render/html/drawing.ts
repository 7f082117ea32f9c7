import type { Drawing } from '../../../ui/drawing.js';
import { layOut, type GraphStep, type Layout } from './layout.js';

/** Steps up to which each has its name in the drawing; more are small squares. */
const MAX_NAMED = 150;
/** Edges up to which they are drawn. */
const MAX_EDGES = 3000;
/** With more steps a browser takes long to draw what nobody can find his way in. */
const MAX_STEPS = 10_000;

interface Shape {
  width: number;
  height: number;
  gapX: number;
  gapY: number;
  /** Steps one above the other, before a column has another one beside it. */
  rows: number;
}
const NAMED: Shape = { width: 172, height: 30, gapX: 56, gapY: 12, rows: Number.POSITIVE_INFINITY };
const SMALL: Shape = { width: 14, height: 14, gapX: 28, gapY: 4, rows: 24 };
const MARGIN = 8;
/** Height of a gap that an edge goes through. */
const GAP = 2;

interface Box {
  x: number;
  y: number;
  height: number;
}

/** Places the steps and what each waits for; undefined where there are too many. */
export function drawGraph(steps: readonly GraphStep[]): Drawing | undefined {
  if (steps.length > MAX_STEPS) return undefined;
  const shape = steps.length <= MAX_NAMED ? NAMED : SMALL;
  const layout = layOut(steps, shape === NAMED);
  const { places, width, height } = place(layout, shape, steps.length);
  const drawn = layout.edges.length <= MAX_EDGES ? layout.edges : [];
  return {
    width,
    height,
    box: { width: shape.width, height: shape.height, named: shape === NAMED },
    steps: steps.map(({ id }, index) => ({ id, x: places.get(index)!.x, y: places.get(index)!.y })),
    edges: drawn.map((way) =>
      edge(
        way.map((point) => places.get(point)!),
        shape,
      ),
    ),
    edges_left_out: layout.edges.length - drawn.length,
  };
}

/** Columns from left to right, each in the middle of the height. */
function place(
  { columns }: Layout,
  shape: Shape,
  steps: number,
): { places: Map<number, Box>; width: number; height: number } {
  const places = new Map<number, Box>();
  const heightOf = (item: number): number => (item < steps ? shape.height : GAP);
  const tall = (items: readonly number[]): number =>
    items.reduce((sum, item) => sum + heightOf(item) + shape.gapY, -shape.gapY);
  const stacks = columns.map((column) => inStacks(column, shape.rows));
  const inner = Math.max(shape.height, ...stacks.flat().map(tall));
  let x = MARGIN;
  for (const column of stacks) {
    const top = MARGIN + (inner - tall(column[0]!)) / 2;
    for (const stack of column) {
      let y = top;
      for (const item of stack) {
        places.set(item, { x, y, height: heightOf(item) });
        y += heightOf(item) + shape.gapY;
      }
      x += shape.width + shape.gapY;
    }
    x += shape.gapX - shape.gapY;
  }
  return { places, width: Math.max(1, x - shape.gapX + MARGIN), height: inner + 2 * MARGIN };
}

/** A tall column as several beside each other. */
function inStacks(column: readonly number[], rows: number): number[][] {
  if (column.length <= rows) return [[...column]];
  return Array.from({ length: Math.ceil(column.length / rows) }, (_, i) => column.slice(i * rows, (i + 1) * rows));
}

/** Straight through what it passes, bent in between. */
function edge(way: readonly Box[], { width }: Shape): string {
  const [first, ...rest] = way;
  let [x, y] = [first!.x + width, first!.y + first!.height / 2];
  let path = `M${x} ${y}`;
  rest.forEach((point, i) => {
    const middle = point.y + point.height / 2;
    const bend = Math.max(12, (point.x - x) / 2);
    path += `C${x + bend} ${y} ${point.x - bend} ${middle} ${point.x} ${middle}`;
    if (i < rest.length - 1) path += `h${width}`;
    [x, y] = [point.x + width, middle];
  });
  return path;
}
