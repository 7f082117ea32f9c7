import { countMainSteps } from '../document/source-steps.js';
import type { Plan } from '../model/plan.js';

/** Who waits for whom, by index into {@link Graph.ids}. */
export interface Graph {
  /** Step ids in plan order: main steps, then `finally` steps. */
  ids: readonly string[];
  /** Index of each id. */
  index: ReadonlyMap<string, number>;
  /** How many steps are main ones; from this index on they are `finally` steps. No edge leads from one part to the other. */
  mainCount: number;
  /** For each step those that it waits for, in plan order, without duplicates. */
  dependencies: readonly (readonly number[])[];
  /** For each step those that wait for it, in plan order. */
  dependents: readonly (readonly number[])[];
  /** For each step the one that runs where it fails. No dependency: a fallback sleeps until its owner has failed. */
  fallbacks: readonly (number | undefined)[];
  /** For each fallback the step that it stands in for. */
  owners: readonly (number | undefined)[];
}

/**
 * Builds the one graph of a valid plan: `depends_on`, what is consumed from the step that provides it, and fallbacks.
 *
 * @throws Error for an edge to nowhere; a plan that was checked has none.
 */
export function buildGraph(plan: Plan): Graph {
  const ids = plan.steps.map((step) => step.id);
  const index = new Map(ids.map((id, position) => [id, position]));
  const providers = new Map(
    plan.steps.flatMap((step, position) => step.provides.map((name) => [name, position] as const)),
  );
  const dependents: number[][] = ids.map(() => []);
  const owners: (number | undefined)[] = ids.map(() => undefined);
  const dependencies = plan.steps.map((step, position) => {
    let edges = step.depends_on.map((id) => known(index.get(id), id));
    for (const name of step.consumes) edges.push(known(providers.get(name), name));
    // Most steps have one or none, and a workflow has to make a hundred thousand of these lists.
    if (edges.length > 1) edges = [...new Set(edges)].sort((a, b) => a - b);
    for (const edge of edges) dependents[edge]!.push(position);
    return edges;
  });
  const fallbacks = plan.steps.map(({ fallback_step: id }, position) => {
    if (id === undefined) return undefined;
    const fallback = known(index.get(id), id);
    owners[fallback] = position;
    return fallback;
  });
  return { ids, index, mainCount: countMainSteps(plan), dependencies, dependents, fallbacks, owners };
}

function known(position: number | undefined, name: string): number {
  if (position === undefined) throw new Error(`Internal error: an edge leads to '${name}', which the plan lacks`);
  return position;
}

/**
 * The waves of a graph, indexes in plan order: each step stands right after the last of its dependencies, a fallback
 * after its owner as well. `finally` steps have waves of their own behind all others.
 */
export function levels(graph: Graph): number[][] {
  const awaited = graph.dependencies.map(
    (dependencies, position) => dependencies.length + (graph.owners[position] === undefined ? 0 : 1),
  );
  const first = awaited.flatMap((count, position) => (count === 0 ? [position] : []));
  return [
    ...waves(
      graph,
      awaited,
      first.filter((position) => position < graph.mainCount),
    ),
    ...waves(
      graph,
      awaited,
      first.filter((position) => position >= graph.mainCount),
    ),
  ];
}

/** Kahn's algorithm, wave by wave; `awaited` is counted down. */
function waves(graph: Graph, awaited: number[], first: number[]): number[][] {
  const found: number[][] = [];
  for (let wave = first; wave.length > 0;) {
    found.push(wave);
    const next: number[] = [];
    for (const position of wave) {
      const fallback = graph.fallbacks[position];
      for (const follower of [...graph.dependents[position]!, ...(fallback === undefined ? [] : [fallback])]) {
        awaited[follower]! -= 1;
        if (awaited[follower] === 0) next.push(follower);
      }
    }
    wave = next.sort((a, b) => a - b);
  }
  return found;
}
