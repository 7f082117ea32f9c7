/**
 * Finds one cycle in each strongly connected part of a graph: the shortest through the part's first node.
 *
 * Iterative, since a chain of ten thousand steps is deeper than the stack.
 *
 * @param edges for each node those that it points to
 * @returns cycles as lists of nodes, each pointing to the next and the last to the first; in order of their first node
 */
export function findCycles(edges: readonly (readonly number[])[]): number[][] {
  const cycles: number[][] = [];
  for (const part of connectedParts(edges)) {
    if (part.length > 1) cycles.push(shortestCycle(edges, part));
  }
  return cycles.sort((a, b) => a[0]! - b[0]!);
}

/** Tarjan's algorithm, with a stack of its own. */
function connectedParts(edges: readonly (readonly number[])[]): number[][] {
  const order: number[] = edges.map(() => -1);
  const low: number[] = edges.map(() => 0);
  const open: boolean[] = edges.map(() => false);
  const path: number[] = [];
  const parts: number[][] = [];
  let count = 0;
  for (let root = 0; root < edges.length; root += 1) {
    if (order[root] !== -1) continue;
    const visits: { node: number; next: number }[] = [{ node: root, next: 0 }];
    while (visits.length > 0) {
      const visit = visits.at(-1)!;
      const { node } = visit;
      if (visit.next === 0) {
        order[node] = low[node] = count;
        count += 1;
        path.push(node);
        open[node] = true;
      }
      const target = edges[node]![visit.next];
      if (target !== undefined) {
        visit.next += 1;
        if (order[target] === -1) visits.push({ node: target, next: 0 });
        else if (open[target]) low[node] = Math.min(low[node]!, order[target]!);
        continue;
      }
      visits.pop();
      const parent = visits.at(-1)?.node;
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!);
      if (low[node] === order[node]) parts.push(closePart(path, open, node));
    }
  }
  return parts;
}

function closePart(path: number[], open: boolean[], root: number): number[] {
  const part = path.splice(path.lastIndexOf(root));
  for (const node of part) open[node] = false;
  return part;
}

function shortestCycle(edges: readonly (readonly number[])[], part: readonly number[]): number[] {
  const inside = new Set(part);
  const start = part.reduce((least, node) => Math.min(least, node));
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (const node of queue) {
    for (const target of edges[node]!) {
      if (target === start) return trace(cameFrom, start, node);
      if (!inside.has(target) || cameFrom.has(target)) continue;
      cameFrom.set(target, node);
      queue.push(target);
    }
  }
  throw new Error('Internal error: a strongly connected part without a cycle');
}

function trace(cameFrom: ReadonlyMap<number, number>, start: number, end: number): number[] {
  const cycle = [end];
  while (cycle.at(-1) !== start) cycle.push(cameFrom.get(cycle.at(-1)!)!);
  return cycle.toReversed();
}
