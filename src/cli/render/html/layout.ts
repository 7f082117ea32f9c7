/** What of a step its place depends on. */
export interface GraphStep {
  id: string;
  depends_on: readonly string[];
  fallback_of: string | null;
  finally: boolean;
}

/** The steps by columns: each stands right of all that it waits for. */
export interface Layout {
  /**
   * Indexes of steps, from left to right, in each column from top to bottom. Numbers beyond the steps are gaps, which
   * keep a way free for edges that lead past a column.
   */
  columns: readonly (readonly number[])[];
  /** The ways of the edges: from a step, through gaps, to a step. */
  edges: readonly (readonly number[])[];
}

/**
 * Lays the graph of a run out by waves; `finally` steps come behind all others, a fallback behind its owner.
 *
 * @param gaps whether edges past a column go through gaps in it, and not behind its steps
 */
export function layOut(steps: readonly GraphStep[], gaps: boolean): Layout {
  const index = new Map(steps.map((step, position) => [step.id, position]));
  const before = steps.map((step) =>
    [...step.depends_on, ...(step.fallback_of === null ? [] : [step.fallback_of])].flatMap((id) => index.get(id) ?? []),
  );
  const waves = wavesOf(steps, before);
  const columns: number[][] = Array.from({ length: Math.max(0, ...waves) + 1 }, () => []);
  waves.forEach((wave, position) => columns[wave]!.push(position));
  const edges = before.flatMap((list, to) => list.map((from) => [from, to]));
  const ways = gaps ? withGaps(edges, waves, columns) : edges;
  const left = new Map<number, number[]>();
  for (const way of ways) {
    for (let i = 1; i < way.length; i += 1) left.set(way[i]!, [...(left.get(way[i]!) ?? []), way[i - 1]!]);
  }
  const places = new Map<number, number>();
  for (const column of columns) sortByNeighbours(column, left, places);
  return { columns: columns.filter((column) => column.length > 0), edges: ways };
}

function withGaps(edges: readonly number[][], waves: readonly number[], columns: number[][]): number[][] {
  let next = waves.length;
  return edges.map(([from, to]) => {
    const way = [from!];
    for (let wave = waves[from!]! + 1; wave < waves[to!]!; wave += 1) {
      columns[wave]!.push(next);
      way.push(next);
      next += 1;
    }
    return [...way, to!];
  });
}

function wavesOf(steps: readonly GraphStep[], before: readonly (readonly number[])[]): number[] {
  const after: number[][] = steps.map(() => []);
  before.forEach((list, to) => list.forEach((from) => after[from]!.push(to)));
  const awaited = before.map((list) => list.length);
  const waves = steps.map(() => 0);
  const ready = awaited.flatMap((count, position) => (count === 0 ? [position] : []));
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    for (const to of after[next]!) {
      waves[to] = Math.max(waves[to]!, waves[next]! + 1);
      awaited[to]! -= 1;
      if (awaited[to] === 0) ready.push(to);
    }
  }
  const lastMain = steps.reduce((most, step, i) => (step.finally ? most : Math.max(most, waves[i]!)), -1);
  return waves.map((wave, i) => (steps[i]!.finally ? lastMain + 1 + wave : wave));
}

/** Puts each step about as high as those that it waits for, so that fewer lines cross. */
function sortByNeighbours(
  column: number[],
  left: ReadonlyMap<number, readonly number[]>,
  places: Map<number, number>,
): void {
  const height = new Map(
    column.map((step, position) => {
      const known = (left.get(step) ?? []).flatMap((from) => places.get(from) ?? []);
      const mean = known.reduce((sum, place) => sum + place, 0) / known.length;
      return [step, known.length === 0 ? position : mean] as const;
    }),
  );
  column.sort((a, b) => height.get(a)! - height.get(b)! || a - b);
  column.forEach((step, position) => places.set(step, position));
}
