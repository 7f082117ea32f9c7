import type { Turn } from './transition.js';

/** Counts a settled end towards the outcome of the run, or takes it back (`sign` -1). */
export function count({ state, program }: Turn, index: number, sign: 1 | -1): void {
  const step = state.steps[index]!;
  if (step.status === 'warning') state.warnings += sign;
  const lost =
    (step.status === 'failed' && !step.recovered) || (step.status === 'canceled' && step.reason === 'operator');
  if (!lost) return;
  if (program.plan.steps[index]!.critical) state.broken += sign;
  else state.warnings += sign;
}
