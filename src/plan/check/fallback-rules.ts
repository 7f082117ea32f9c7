import { nameOf, type GraphContext } from './edge-rules.js';

/**
 * Checks what `fallback_step` leads to.
 *
 * @returns for each step the one whose fallback it is; edges that are wrong are left out
 */
export function checkFallbacks(context: GraphContext): (number | undefined)[] {
  const { entries, problems } = context;
  const owners: (number | undefined)[] = entries.map(() => undefined);
  for (const [position, { step, path }] of entries.entries()) {
    const id = step?.['fallback_step'];
    if (typeof id !== 'string' || id === '') continue;
    const target = targetOf(context, position, id);
    if (target === undefined) continue;
    const owner = owners[target];
    if (owner === undefined) {
      owners[target] = position;
      continue;
    }
    problems.add({
      code: 'shared_fallback',
      path: [...path, 'fallback_step'],
      message: `'${id}' is already the fallback of ${nameOf(entries[owner]!)}`,
      hint: 'a fallback has one owner: give each step its own',
      related: [{ message: 'first named here', path: [...entries[owner]!.path, 'fallback_step'] }],
    });
  }
  breakCycles(context, owners);
  return owners;
}

function targetOf({ entries, index, problems, near }: GraphContext, position: number, id: string): number | undefined {
  const entry = entries[position]!;
  const path = [...entry.path, 'fallback_step'];
  const target = index.get(id);
  if (id === entry.step?.['id']) {
    const hint = 'to run it again, use retries';
    problems.add({ code: 'self_fallback', path, message: `step '${id}' is its own fallback`, hint });
    return undefined;
  }
  if (target === undefined) {
    const hint = near(id, index.keys());
    problems.add({ code: 'unknown_fallback', path, message: `there is no step '${id}'`, hint });
    return undefined;
  }
  if (entries[target]!.finally === entry.finally) return target;
  const [own, others] = entry.finally ? ['a finally', 'a main'] : ['a main', 'a finally'];
  problems.add({
    code: 'fallback_across_finally',
    path,
    message: `'${id}' is ${others} step, and cannot be the fallback of ${own} step`,
    hint: 'move one of the two, so that both are in the same list',
  });
  return undefined;
}

/** Every step has one owner at most, so following the owners either ends or comes round. */
function breakCycles({ entries, problems }: GraphContext, owners: (number | undefined)[]): void {
  const done = entries.map(() => false);
  for (const start of entries.keys()) {
    const chain: number[] = [];
    for (let at: number | undefined = start; at !== undefined && !done[at]; at = owners[at]) {
      done[at] = true;
      chain.push(at);
    }
    const owner = owners[chain.at(-1) ?? start];
    const from = owner === undefined ? -1 : chain.indexOf(owner);
    if (from < 0) continue;
    // Owners were followed; it reads better the other way round, from the first step of the plan on.
    const ring = chain.slice(from).toReversed();
    const first = ring.indexOf(ring.reduce((least, position) => Math.min(least, position)));
    const cycle = [...ring.slice(first), ...ring.slice(0, first)];
    for (const position of cycle) owners[position] = undefined;
    const told = cycle.map((position, place) => ({
      message: `${nameOf(entries[position]!)} falls back to ${nameOf(entries[cycle[(place + 1) % cycle.length]!]!)}`,
      path: [...entries[position]!.path, 'fallback_step'],
    }));
    problems.add({
      code: 'fallback_cycle',
      path: told[0]!.path,
      message: 'these steps are fallbacks of each other in a cycle',
      hint: 'remove one of these fallbacks',
      related: told,
    });
  }
}
