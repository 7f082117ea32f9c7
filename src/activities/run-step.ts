import { Context } from '@temporalio/activity';
import type { FailedAttempt } from '../engine/index.js';
import { recorded } from './recorded.js';
import { runCommand } from './run-command.js';
import { runHttp } from './run-http.js';
import { failStep } from './step-failure.js';
import type { StepHeartbeat, StepSuccess, StepTask } from './types.js';

export interface RunStepDeps {
  /** Folder of orch's state. */
  stateDir: string;
  /** The worker's own environment, under everything else that a step sees. */
  env: Readonly<Record<string, string | undefined>>;
}

/** One execution of a step. */
export interface Execution {
  task: StepTask;
  /** Executions that really failed before this one. */
  failures: number;
  /** Temporal's number of this attempt, lost ones included. */
  attempt: number;
  /** Start of the first attempt, milliseconds since the epoch. */
  firstStartedAt: number;
  startedAt: number;
  /** Those that really failed before this one. */
  failedAttempts: readonly FailedAttempt[];
}

/** Makes the activity that runs one step. */
export function createRunStep(deps: RunStepDeps): (task: StepTask) => Promise<StepSuccess> {
  return async (task) => {
    const { info } = Context.current();
    const earlier = info.heartbeatDetails as StepHeartbeat | undefined;
    const startedAt = Date.now();
    const execution: Execution = {
      task,
      failures: earlier?.failures ?? 0,
      attempt: info.attempt,
      firstStartedAt: earlier?.first_started_at ?? startedAt,
      startedAt,
      failedAttempts: earlier?.failed_attempts ?? [],
    };
    const losses = info.attempt - 1 - execution.failures;
    if (losses > task.max_lost) {
      return failStep(execution, {
        reason: 'lost',
        message: `LostError: ${losses} workers were lost while they ran this step (max_lost is ${task.max_lost})`,
      });
    }
    return recorded(execution, () =>
      task.action.type === 'http' ? runHttp(deps, execution) : runCommand(deps, execution),
    );
  };
}
