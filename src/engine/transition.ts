import type { Program, RunState, Standing, StepState } from './state.js';
import type { EndStatus, StepReason, StepStatus } from './types.js';

/** Puts a step into a status; the one place where counts and versions move. */
export function changeStep(state: RunState, index: number, status: StepStatus, reason?: StepReason): void {
  const step = state.steps[index]!;
  state.counts[step.status] -= 1;
  state.counts[status] += 1;
  step.status = status;
  if (reason !== undefined) step.reason = reason;
  state.version += 1;
  step.changed = state.version;
}

/** Ends a step and settles what it means for its dependents and for the outcome of the run. */
export function endStep(
  program: Program,
  state: RunState,
  index: number,
  status: EndStatus,
  reason: StepReason | undefined,
  at: number,
): void {
  const step = state.steps[index]!;
  changeStep(state, index, status, reason);
  step.finishedAt = at;
  state.open -= 1;
  step.standing = standingOf(program, index, step);
  if (status === 'warning') state.warnings += 1;
  const lost = status === 'failed' || (status === 'canceled' && reason === 'operator');
  if (!lost) return;
  if (program.plan.steps[index]!.critical) state.broken = true;
  else state.warnings += 1;
}

/** What an ended step is for its dependents. */
function standingOf(program: Program, index: number, step: StepState): Standing {
  switch (step.status) {
    case 'success':
    case 'warning':
      return 'ok';
    case 'failed':
      return program.plan.steps[index]!.on_failure === 'continue' ? 'ok' : 'failed';
    case 'canceled':
      return 'failed';
    case 'skipped':
      if (step.reason === 'operator') return 'ok';
      return step.failedDependencies > 0 ? 'failed' : 'skipped';
    default:
      throw new Error(`Internal error: step ${index} has not ended: ${step.status}`);
  }
}
