/** Targets that are followed through the graph together: one bit each. */
const BLOCK_WORDS = 32;
const BLOCK_BITS = BLOCK_WORDS * 32;

/**
 * Answers many questions about who comes before whom, together: one walk over the graph serves a thousand targets.
 * Ten thousand steps that each ask for another far ancestor take milliseconds, and no more memory than the graph.
 *
 * @param before for each step those right before it; without cycles
 * @param questions what will be asked
 * @returns whether `target` comes before `step`, for the given questions
 */
export function findAncestors(
  before: readonly (readonly number[])[],
  questions: readonly { step: number; target: number }[],
): (step: number, target: number) => boolean {
  const isDirect = (step: number, target: number) => before[step]!.includes(target);
  const byTarget = new Map<number, number[]>();
  for (const { step, target } of questions) {
    if (isDirect(step, target)) continue;
    const steps = byTarget.get(target);
    if (steps === undefined) byTarget.set(target, [step]);
    else steps.push(step);
  }
  const found = new Set<number>();
  const key = (step: number, target: number) => step * before.length + target;
  const targets = [...byTarget.keys()];
  const order = targets.length > 0 ? sortByOrder(before) : [];
  for (let start = 0; start < targets.length; start += BLOCK_BITS) {
    const block = targets.slice(start, start + BLOCK_BITS);
    const bits = spreadBits(before, order, block);
    for (const [bit, target] of block.entries()) {
      for (const step of byTarget.get(target)!) {
        if ((bits[step * BLOCK_WORDS + (bit >>> 5)]! & (1 << (bit & 31))) !== 0) found.add(key(step, target));
      }
    }
  }
  return (step, target) => isDirect(step, target) || found.has(key(step, target));
}

/** Each step after all those before it. */
function sortByOrder(before: readonly (readonly number[])[]): number[] {
  const after: number[][] = before.map(() => []);
  for (const [step, list] of before.entries()) for (const earlier of list) after[earlier]!.push(step);
  const awaited = before.map((list) => list.length);
  const order = awaited.flatMap((count, step) => (count === 0 ? [step] : []));
  for (const step of order) {
    for (const later of after[step]!) {
      awaited[later]! -= 1;
      if (awaited[later] === 0) order.push(later);
    }
  }
  return order;
}

/** For each step a row of bits: which of the block's targets come before it. */
function spreadBits(
  before: readonly (readonly number[])[],
  order: readonly number[],
  block: readonly number[],
): Uint32Array {
  const bits = new Uint32Array(before.length * BLOCK_WORDS);
  const bitOf = new Map(block.map((target, bit) => [target, bit]));
  for (const step of order) {
    const row = step * BLOCK_WORDS;
    for (const earlier of before[step]!) {
      const from = earlier * BLOCK_WORDS;
      for (let word = 0; word < BLOCK_WORDS; word += 1) bits[row + word]! |= bits[from + word]!;
      const bit = bitOf.get(earlier);
      if (bit !== undefined) bits[row + (bit >>> 5)]! |= 1 << (bit & 31);
    }
  }
  return bits;
}
