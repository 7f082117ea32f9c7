import { findCycles } from '../graph/cycles.js';
import { nameOf, type Edge } from './edge-rules.js';
import type { Problems } from '../problems/problems.js';
import type { SourceEntry } from '../document/source-steps.js';

/** An edge between moments: a step with a fallback has two, when it ends itself, and when it counts as ended. */
interface MomentEdge {
  target: number;
  /** Absent between the two moments of one step. */
  told?: { message: string; path: readonly PropertyKey[] };
}

/**
 * Finds steps that wait for each other. What depends on a step with a fallback waits for the fallback too, and a
 * fallback waits for its owner to fail: so a fallback cannot wait for its owner's dependents either.
 */
export function checkCycles(
  entries: readonly SourceEntry[],
  edges: readonly (readonly Edge[])[],
  owners: readonly (number | undefined)[],
  problems: Problems,
): void {
  const moments = momentEdges(entries, edges, owners);
  for (const cycle of findCycles(moments.edges.map((list) => list.map((edge) => edge.target)))) {
    const told = cycle.flatMap((from, place) => {
      const to = cycle[(place + 1) % cycle.length]!;
      return moments.edges[from]!.find((edge) => edge.target === to)!.told ?? [];
    });
    const steps = cycle.map((moment) => moments.steps[moment]!);
    const around = [...steps, steps[0]!].filter((step, place, all) => place === 0 || step !== all[place - 1]);
    const names = around.map((step) => nameOf(entries[step]!));
    const shown = names.length > 12 ? [...names.slice(0, 10), '…', names.at(-1)!] : names;
    const withFallback = told.some((edge) => edge.path.at(-1) === 'fallback_step');
    problems.add({
      code: 'dependency_cycle',
      path: told[0]!.path,
      message: `these steps depend on each other: ${shown.join(' → ')}`,
      hint: withFallback
        ? 'a fallback runs after its owner, and what depends on the owner waits for its fallback too'
        : 'remove one of these dependencies',
      related: told,
    });
  }
}

/** Moments below the number of steps are the steps themselves; those above are when the owner of a fallback counts as ended. */
function momentEdges(
  entries: readonly SourceEntry[],
  edges: readonly (readonly Edge[])[],
  owners: readonly (number | undefined)[],
): { edges: MomentEdge[][]; steps: number[] } {
  const steps = [...entries.keys()];
  const settled = new Map<number, number>();
  for (const owner of owners) {
    if (owner === undefined) continue;
    settled.set(owner, steps.length);
    steps.push(owner);
  }
  const endOf = (position: number) => settled.get(position) ?? position;
  const moments: MomentEdge[][] = steps.map(() => []);
  for (const [from, list] of edges.entries()) {
    for (const { target, path, reason } of list) {
      const message = `${nameOf(entries[from]!)} ${reason} ${nameOf(entries[target]!)}`;
      moments[from]!.push({ target: endOf(target), told: { message, path } });
    }
  }
  for (const [fallback, owner] of owners.entries()) {
    if (owner === undefined) continue;
    const path = [...entries[owner]!.path, 'fallback_step'];
    const [own, other] = [nameOf(entries[owner]!), nameOf(entries[fallback]!)];
    moments[fallback]!.push({ target: owner, told: { message: `${other} is the fallback of ${own}`, path } });
    moments[endOf(owner)]!.push(
      { target: owner },
      { target: endOf(fallback), told: { message: `${own} ends with its fallback ${other}`, path } },
    );
  }
  return { edges: moments, steps };
}
