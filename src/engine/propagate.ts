import type { TriggerRule } from '../plan/model/plan.js';
import { endStep } from './settle.js';
import { isOfPhase, type StepState } from './state.js';
import type { Turn } from './transition.js';
import { unreachable } from '../basics/unreachable.js';

/**
 * Tells the dependents of the settled steps, and theirs where that ends them too.
 *
 * There is no second place where an end spreads. A worklist, not recursion, since a chain may be as long as the plan.
 * A negative entry (`~step`) is a fallback that has just been woken and awaits nothing else.
 */
export function propagate(turn: Turn): void {
  // It grows while it is gone through.
  for (const next of turn.settled) {
    if (next < 0) {
      considerStart(turn, ~next);
      continue;
    }
    const { standing } = turn.state.steps[next]!;
    for (const dependent of turn.program.graph.dependents[next]!) {
      const step = turn.state.steps[dependent]!;
      step.awaited -= 1;
      if (standing === 'failed') step.failedDependencies += 1;
      if (standing === 'skipped') step.skippedDependencies += 1;
      if (step.awaited === 0) considerStart(turn, dependent);
    }
  }
  turn.settled.length = 0;
}

/** All that a step waited for has ended: rule, then `skip_if` and `condition`, then it is ready. */
export function considerStart(turn: Turn, index: number): void {
  const step = turn.state.steps[index]!;
  if (step.status !== 'pending') return;
  // Its time has not come, even where an operator took out all that it waited for.
  if (turn.state.phase === 'main' && !isOfPhase(turn.program, turn.state, index)) return;
  if (!letsThrough(turn.program.plan.steps[index]!.trigger_rule, step)) {
    endStep(turn, index, 'skipped', step.failedDependencies > 0 ? 'dependency_failed' : 'dependency_skipped');
    return;
  }
  const verdict = turn.program.mayStart?.(turn.state, index) ?? { start: true };
  if (verdict.start) {
    turn.state.ready.push(index);
    return;
  }
  if (verdict.message !== undefined) step.message = verdict.message;
  endStep(turn, index, verdict.reason === 'expression_error' ? 'failed' : 'skipped', verdict.reason);
}

/** Whether a step may start now that all its dependencies have ended. The rules are those of Airflow. */
function letsThrough(rule: TriggerRule, step: StepState): boolean {
  switch (rule) {
    case 'all_success':
      return step.failedDependencies === 0 && step.skippedDependencies === 0;
    case 'none_failed':
      return step.failedDependencies === 0;
    case 'all_done':
      return true;
    default:
      return unreachable(rule);
  }
}
