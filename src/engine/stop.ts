import { count } from './outcome.js';
import { isEnd, isOfPhase, type RunState, type StepState } from './state.js';
import { changeStep, closeStep, touch, type Turn } from './transition.js';
import type { StepReason } from '../contract/statuses.js';

/**
 * Nothing but `finally` starts any more: what runs is stopped, the rest of the phase is canceled. With an abort,
 * a cancel or a timeout of the run this is the only scan of the whole plan, once per cause.
 */
export function stopAll(turn: Turn, cause: NonNullable<RunState['stop']>, why: StopWords = {}): void {
  const { state } = turn;
  state.stop = cause;
  releaseHeld(turn);
  stopPhase(turn, cause, why);
}

/** What those that are stopped say of it: whose failure it was, or who wanted it. */
type StopWords = Pick<StepState, 'message' | 'by'>;

/** Stops what runs of the current phase and cancels what has not started. */
export function stopPhase(turn: Turn, cause: StepReason, why: StopWords = {}): void {
  const { state, program } = turn;
  state.steps.forEach((step, index) => {
    if (!isOfPhase(program, state, index)) return;
    if (!isEnd(step.status) && step.stopping === undefined) Object.assign(step, why);
    if (step.status === 'pending') {
      closeStep(turn, index, 'canceled', cause);
      settleAtOnce(turn, index);
    } else if (!isEnd(step.status)) {
      stopStep(turn, index, cause);
    }
  });
}

/** Asks a step that runs or waits to stop. One that waits has nothing to stop, so it ends at once. */
export function stopStep(turn: Turn, index: number, cause: StepReason): void {
  const { state } = turn;
  const step = state.steps[index]!;
  if (step.stopping !== undefined) return;
  turn.commands.push({ type: 'stop-step', step: index });
  if (step.status === 'waiting' && step.park === undefined) {
    changeStep(state, index, 'canceled', cause);
    step.finishedAt = turn.at;
    settleAtOnce(turn, index);
    return;
  }
  step.stopping = cause;
  touch(state, index);
}

/** A failed step that waited for a person waits no longer. */
function releaseHeld(turn: Turn): void {
  for (const index of turn.state.held.splice(0)) settleAtOnce(turn, index);
}

/** Settles an end that nobody needs to hear of: all dependents end by the same cause. */
function settleAtOnce(turn: Turn, index: number): void {
  const step = turn.state.steps[index]!;
  if (step.standing !== undefined) return;
  step.standing = 'failed';
  turn.state.open -= 1;
  count(turn, index, 1);
  const owner = turn.program.graph.owners[index];
  if (owner !== undefined && step.awake) settleAtOnce(turn, owner); // it waited for this one
}
