import { noteBreaker } from './breaker.js';
import { count } from './outcome.js';
import { isEnd, isOfPhase, type Standing } from './state.js';
import { stopAll } from './stop.js';
import { closeStep, touch, type Turn } from './transition.js';
import type { EndStatus, StepReason } from '../contract/statuses.js';

/**
 * Ends a step and settles what follows from it: its fallback, an abort or a quarantine, and what it is for its
 * dependents. Whatever ends a step in the course of a run comes through here.
 */
export function endStep(turn: Turn, index: number, wanted: EndStatus, why?: StepReason): void {
  const allowed = wanted === 'failed' && turn.program.plan.steps[index]!.on_failure === 'skip';
  const [status, reason] = allowed ? (['skipped', 'failure_allowed'] as const) : [wanted, why];
  closeStep(turn, index, status, reason);
  noteBreaker(turn, index);
  if (status !== 'failed') {
    settle(turn, index, standingOf(turn, index));
    return;
  }
  const fallback = turn.program.graph.fallbacks[index];
  if (fallback !== undefined && turn.state.steps[fallback]!.status === 'pending') wake(turn, fallback);
  else settleFailure(turn, index);
}

/** The failure of a step that nothing makes up for: its own policy applies. */
function settleFailure(turn: Turn, index: number): void {
  const { plan } = turn.program;
  const policy = plan.steps[index]!;
  // In `finally` an abort would keep the other steps from cleaning up.
  if (policy.on_failure === 'abort' && policy.critical && !policy.finally && turn.state.stop === undefined) {
    if (plan.globals.on_abort === 'quarantine') {
      turn.state.held.push(index);
      return;
    }
    settle(turn, index, 'failed');
    stopAll(turn, 'aborted', { message: culprit(turn, index) });
    return;
  }
  settle(turn, index, policy.on_failure === 'continue' ? 'ok' : 'failed');
}

/** Whose failure ends the others, in words. */
function culprit({ program, state }: Turn, index: number): string {
  const { report, reason } = state.steps[index]!;
  const how = report?.exit_code === undefined ? reason : `exit code ${report.exit_code}`;
  return `'${program.graph.ids[index]!}' failed${how === undefined ? '' : ` (${how})`}`;
}

/** Makes an end final: counts it, and puts it in line for the dependents to hear of. */
export function settle(turn: Turn, index: number, standing: Standing): void {
  const { state, program } = turn;
  const step = state.steps[index]!;
  step.standing = standing;
  if (isOfPhase(program, state, index)) state.open -= 1;
  count(turn, index, 1);
  turn.settled.push(index);
  const fallback = program.graph.fallbacks[index];
  if (fallback !== undefined && state.steps[fallback]!.status === 'pending') {
    closeStep(turn, fallback, 'skipped', 'not_needed');
    settle(turn, fallback, 'ok');
  }
  const owner = program.graph.owners[index];
  if (owner !== undefined && step.awake) settleOwner(turn, owner, index);
}

/** A fallback has ended: the step that it stands in for is what the fallback is. */
function settleOwner(turn: Turn, owner: number, fallback: number): void {
  const step = turn.state.steps[owner]!;
  if (step.standing !== undefined) return;
  const { status, standing, recovered } = turn.state.steps[fallback]!;
  if (status === 'skipped' || status === 'canceled') {
    settleFailure(turn, owner); // it did not come to an end of its own, so nothing has changed for its owner
    return;
  }
  step.recovered = status !== 'failed' || recovered === true;
  if (step.recovered) turn.state.changes.push({ step: owner, to: 'recovered' });
  touch(turn.state, owner);
  settle(turn, owner, standing!);
}

function wake(turn: Turn, fallback: number): void {
  const step = turn.state.steps[fallback]!;
  step.awake = true;
  step.awaited -= 1;
  if (step.awaited === 0) turn.settled.push(~fallback); // it may start: see propagate
}

/** What an ended step that did not fail is for its dependents. */
function standingOf({ state }: Turn, index: number): Standing {
  const step = state.steps[index]!;
  if (!isEnd(step.status)) throw new Error(`Internal error: step ${index} has not ended: ${step.status}`);
  if (step.status === 'canceled') return 'failed';
  if (step.status !== 'skipped') return 'ok';
  switch (step.reason) {
    case 'dependency_failed':
      return 'failed';
    case 'dependency_skipped':
    case 'condition_false':
      return 'skipped';
    default:
      return 'ok'; // skip_if, not needed, or by an operator
  }
}
