import type { Plan } from './types.js';

/** Who waits for whom, by index into {@link Graph.ids}. */
export interface Graph {
  /** Step ids in plan order. */
  ids: readonly string[];
  /** Index of each id. */
  index: ReadonlyMap<string, number>;
  /** For each step those that it waits for, in plan order, without duplicates. */
  dependencies: readonly (readonly number[])[];
  /** For each step those that wait for it, in plan order. */
  dependents: readonly (readonly number[])[];
}

/**
 * Builds the one graph of a valid plan: `depends_on`, and what is consumed from the step that provides it.
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
  const dependencies = plan.steps.map((step, position) => {
    const edges = new Set([
      ...step.depends_on.map((id) => known(index.get(id), id)),
      ...step.consumes.map((name) => known(providers.get(name), name)),
    ]);
    for (const edge of edges) dependents[edge]!.push(position);
    return [...edges].sort((a, b) => a - b);
  });
  return { ids, index, dependencies, dependents };
}

function known(position: number | undefined, name: string): number {
  if (position === undefined) throw new Error(`Internal error: an edge leads to '${name}', which the plan lacks`);
  return position;
}

/** The waves of a graph: each step stands right after the last of its dependencies. Indexes, in plan order. */
export function levels(graph: Graph): number[][] {
  const awaited = graph.dependencies.map((dependencies) => dependencies.length);
  const waves: number[][] = [];
  let wave = awaited.flatMap((count, position) => (count === 0 ? [position] : []));
  while (wave.length > 0) {
    waves.push(wave);
    const next: number[] = [];
    for (const position of wave) {
      for (const dependent of graph.dependents[position]!) {
        awaited[dependent]! -= 1;
        if (awaited[dependent] === 0) next.push(dependent);
      }
    }
    wave = next.sort((a, b) => a - b);
  }
  return waves;
}
