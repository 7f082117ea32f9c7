import type { TriggerRule } from '../plan/types.js';
import type { Program, RunState, StepState } from './state.js';
import { endStep } from './transition.js';

/**
 * Tells the dependents of an ended step, and theirs where that ends them too.
 *
 * Every step's end goes through here, whatever its cause: there is no second place where failure spreads. A worklist,
 * not recursion, since a chain may be as long as the plan.
 */
export function propagate(program: Program, state: RunState, ended: number, at: number): void {
  const worklist = [ended];
  for (let next = worklist.pop(); next !== undefined; next = worklist.pop()) {
    const standing = state.steps[next]!.standing;
    for (const dependent of program.graph.dependents[next]!) {
      const step = state.steps[dependent]!;
      step.awaited -= 1;
      if (standing === 'failed') step.failedDependencies += 1;
      if (standing === 'skipped') step.skippedDependencies += 1;
      if (step.awaited > 0 || step.status !== 'pending') continue;
      if (letsThrough(program.plan.steps[dependent]!.trigger_rule, step)) {
        state.ready.push(dependent);
      } else {
        const reason = step.failedDependencies > 0 ? 'dependency_failed' : 'dependency_skipped';
        endStep(program, state, dependent, 'skipped', reason, at);
        worklist.push(dependent);
      }
    }
  }
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
    default: {
      const never: never = rule;
      throw new Error(`Internal error: unknown trigger rule ${String(never)}`);
    }
  }
}
