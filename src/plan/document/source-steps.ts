import { isMap } from '../problems/paths.js';
import type { Plan } from '../model/plan.js';
import { stepField } from '../model/step-fields.js';

/** A step of a document that may be wrong anywhere. Its place in the list is that of the step in the checked plan. */
export interface SourceEntry {
  /** Absent where what stands there is no map. */
  step?: Record<string, unknown>;
  path: readonly PropertyKey[];
  finally: boolean;
}

/** Entries of lists that were read before: a check reads a document more than ten times, and it may be of 100,000 steps. */
const known = new WeakMap<readonly unknown[], readonly SourceEntry[]>();

/** All steps of a document: those of `steps`, then those of `finally`. */
export function sourceSteps(source: Record<string, unknown>): readonly SourceEntry[] {
  const main = entriesOf(source, 'steps');
  const last = entriesOf(source, 'finally');
  return last.length === 0 ? main : [...main, ...last];
}

function entriesOf(source: Record<string, unknown>, list: 'steps' | 'finally'): readonly SourceEntry[] {
  const steps = source[list];
  if (!Array.isArray(steps)) return [];
  const before = known.get(steps);
  if (before !== undefined && isStill(before, steps, list)) return before;
  const entries = (steps as unknown[]).map((step, index): SourceEntry => ({
    ...(isMap(step) ? { step } : {}),
    path: [list, index],
    finally: list === 'finally',
  }));
  known.set(steps, entries);
  return entries;
}

/** Whoever has made the list may have changed it; and one list may be both, by an alias of YAML. */
function isStill(entries: readonly SourceEntry[], steps: readonly unknown[], list: string): boolean {
  if (entries.length !== steps.length || entries[0]?.path[0] !== list) return false;
  return entries.every(({ step }, i) => step === (isMap(steps[i]) ? steps[i] : undefined));
}

/** How many of a checked plan's steps stand in `steps`; the ones behind them stand in `finally`. */
export function countMainSteps(plan: Plan): number {
  const isLast = stepField(plan.steps, 'finally');
  let count = 0;
  while (count < plan.steps.length && !isLast(count)) count += 1;
  return count;
}

/** Where the step at a position of a checked plan is written. */
export function stepPath(position: number, mainCount: number): PropertyKey[] {
  return position < mainCount ? ['steps', position] : ['finally', position - mainCount];
}
