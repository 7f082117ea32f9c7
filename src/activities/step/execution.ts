import type { StepTask, StepFacts } from '../../contract/step-task.js';
import type { StepReason } from '../../contract/statuses.js';
import type { FailedAttempt } from '../../contract/step-result.js';
import type { RunStarts } from '../../temporal/run-starts.js';
import type { Places } from './places.js';
import type { RunStart } from './shared-task.js';

export interface RunStepDeps {
  /** Folder of orch's state. */
  stateDir: string;
  /** The worker's own environment, under everything else that a step sees. */
  env: Readonly<Record<string, string | undefined>>;
  /** Name of the service that runs come from: several may use one state folder. */
  service: string;
  /** Name of the worker's state folder, which has the processes of its steps. */
  host: string;
  /** Whether workers with other state folders may take the steps of a run. */
  manyHosts: boolean;
  /** Processes that this worker waits for. */
  places: Places;
  /** What runs were started with. */
  starts: RunStarts<RunStart>;
  /** Whether a run has not closed. Rejects where the service cannot be asked. */
  isRunOpen(run: { run_id: string; temporal_run_id: string }): Promise<boolean>;
}

/** One execution of a step. */
export interface Execution {
  task: StepTask;
  /** Executions of this task that really failed before this one. */
  failures: number;
  /** Number of this execution among all of the step, from 1; lost workers do not count. */
  attempt: number;
  /** Start of the first attempt, milliseconds since the epoch. */
  firstStartedAt: number;
  startedAt: number;
  /** Those that really failed before this one. */
  failedAttempts: readonly FailedAttempt[];
  /** The state folder that has the step's process; absent for a step without one. */
  host?: string;
  /** Attempts that ended because their worker went, in order. */
  detached: number;
}

export interface StepFailure {
  reason: StepReason;
  message: string;
  facts?: Partial<StepFacts>;
  /** False where another try cannot help; `retry.on` may name the reason all the same. */
  retryable?: boolean;
  /** The least that a server asked to wait. */
  retryAfterSec?: number;
}
