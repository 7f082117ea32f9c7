import { countMainSteps } from '../document/source-steps.js';
import type { Plan } from '../model/plan.js';
import { stepField } from '../model/step-fields.js';

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

const NONE: readonly number[] = [];

/**
 * Builds the one graph of a valid plan: `depends_on`, what is consumed from the step that provides it, and fallbacks.
 *
 * @throws Error for an edge to nowhere; a plan that was checked has none.
 */
export function buildGraph(plan: Plan): Graph {
  const { steps } = plan;
  const [idOf, provided, awaited, consumed, fallbackOf] = [
    stepField(steps, 'id'),
    stepField(steps, 'provides'),
    stepField(steps, 'depends_on'),
    stepField(steps, 'consumes'),
    stepField(steps, 'fallback_step'),
  ];
  const ids: string[] = [];
  const providers = new Map<string, number>();
  for (let position = 0; position < steps.length; position += 1) {
    ids.push(idOf(position));
    for (const name of provided(position)) providers.set(name, position);
  }
  const places = new Places(ids);
  const dependencies: (readonly number[])[] = [];
  const dependents: (number[] | undefined)[] = ids.map(() => undefined);
  const fallbacks: (number | undefined)[] = [];
  const owners: (number | undefined)[] = ids.map(() => undefined);
  const providerOf = (name: string): number => known(providers.get(name), name);
  for (let position = 0; position < ids.length; position += 1) {
    const placeOf = (id: string): number => known(places.find(id, position), id);
    const edges = edgesOf(awaited(position), consumed(position), placeOf, providerOf);
    for (const edge of edges) {
      const list = dependents[edge];
      if (list === undefined) dependents[edge] = [position];
      else list.push(position);
    }
    dependencies.push(edges);
    const id = fallbackOf(position);
    const fallback = id === undefined ? undefined : placeOf(id);
    fallbacks.push(fallback);
    if (fallback !== undefined) owners[fallback] = position;
  }
  return {
    ids,
    get index() {
      return places.index;
    },
    mainCount: countMainSteps(plan),
    dependencies,
    dependents: dependents.map((list) => list ?? NONE),
    fallbacks,
    owners,
  };
}

/** Finds steps by their ids. */
class Places {
  private byId: Map<string, number> | undefined;
  /** Between steps that were found and those that named them, the last one first. */
  private distances = [1, 1, 1];
  /** As many as are worth less than an index. */
  private looks = 10_000;

  constructor(private readonly ids: readonly string[]) {}

  /** Made once somebody needs it: that of a hundred thousand steps takes a good part of what reading their plan takes. */
  get index(): ReadonlyMap<string, number> {
    return (this.byId ??= new Map(this.ids.map((id, position) => [id, position])));
  }

  /** @param from who names it: in a large plan many steps are as far from what they name as those before them. */
  find(id: string, from: number): number | undefined {
    const [first, second, third] = this.distances as [number, number, number];
    if (this.ids[from - first] === id) return from - first;
    const found = this.further(id, from);
    if (found === undefined) return undefined;
    const distance = from - found;
    this.distances = [distance, first, distance === second ? third : second];
    return found;
  }

  private further(id: string, from: number): number | undefined {
    const known = this.distances.find((distance) => this.ids[from - distance] === id);
    if (known !== undefined) return from - known;
    return this.byId === undefined ? (this.nearby(id, from) ?? this.index.get(id)) : this.byId.get(id);
  }

  private nearby(id: string, from: number): number | undefined {
    for (let place = from - 1; place >= 0 && this.looks > 0; place -= 1) {
      this.looks -= 1;
      if (this.ids[place] === id) return place;
    }
    return undefined;
  }
}

/** Most steps have two or fewer, and a workflow has to make a hundred thousand of these lists. */
function edgesOf(
  awaited: readonly string[],
  consumed: readonly string[],
  placeOf: (id: string) => number,
  providerOf: (name: string) => number,
): readonly number[] {
  if (consumed.length === 0) {
    if (awaited.length === 0) return NONE;
    if (awaited.length === 1) return [placeOf(awaited[0]!)];
    if (awaited.length === 2) return inOrder(placeOf(awaited[0]!), placeOf(awaited[1]!));
  }
  return [...new Set([...awaited.map(placeOf), ...consumed.map(providerOf)])].sort((a, b) => a - b);
}

function inOrder(first: number, second: number): readonly number[] {
  if (first === second) return [first];
  return first < second ? [first, second] : [second, first];
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
