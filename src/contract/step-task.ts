import type { Expectation } from '../plan/check/gate-expectation.js';
import type { Timeout } from '../plan/model/values.js';
import type { SecretUse } from '../plan/templates/secret-uses.js';
import type { OwnVariable, RetryPolicy, StepAction } from '../plan/model/plan.js';
import type { SecretSource } from '../plan/model/secret-source.js';
import type { AgentTurn, TurnFacts } from './agent-turn.js';
import type { StepReason } from './statuses.js';
import type { FailedAttempt, StepReport } from './step-result.js';

/** All that the execution of one step needs. Nothing else of the run or of other steps is in it. */
export interface StepTask {
  run_id: string;
  step_id: string;
  /** Templates are expanded; shell text stands as the plan has it. */
  action: Exclude<StepAction, { type: 'noop' | 'approval' | 'wait' | 'plan' | 'agent' }> | AgentTurn;
  /** Folders, each relative to the one before it; the first is absolute, or absent on a remote service. */
  cwd: readonly string[];
  /** Over the worker's own environment. */
  env: Readonly<Record<string, string>>;
  /** Secrets of the step: where each comes from, and which texts of this task hold it. */
  secrets?: { sources: Readonly<Record<string, SecretSource>>; uses: readonly SecretUse[] };
  /**
   * The service's id of the first execution of a run that has gone on in a new one: what names the tries of its steps. Absent
   * in the first execution.
   */
  first_run_id?: string;
  /** Executions before this task: a step that was tried again by hand goes on counting. Absent means none. */
  attempts_before?: number;
  timeout_sec: Timeout;
  /** For all attempts together, from the start of the first. */
  max_duration_sec: Timeout;
  grace_sec: number;
  retry: RetryPolicy;
  /** How many lost workers the step survives. */
  max_lost: number;
  /** It is not started again after it was lost. */
  run_once?: boolean;
  /** Bytes of stdout and stderr together. */
  max_output_bytes: number;
  /** What is known of a step that was sent on to the host where its process is. */
  carried?: Pick<StepHeartbeat, 'failures' | 'first_started_at' | 'failed_attempts' | 'host'>;
  /** Of a gate: what its command must do, beside or instead of an exit code. */
  expect?: Expectation;
  /** Further names of orch's own variables. */
  env_aliases?: Readonly<Record<string, OwnVariable>>;
  /** How its end is told; absent means by what it is. */
  summary?: true | string;
  success_exit_codes: readonly number[];
  warning_exit_codes: readonly number[];
  /** Names of the outputs that some expression of the plan reads; no others are carried. */
  outputs: readonly string[];
}

/**
 * A task whose environment is only what differs from the one that all steps of the run share: with all of it in each
 * task, a list of a thousand files would stand in history a thousand times.
 *
 * It is no {@link StepTask} with a further key on purpose: a worker of before would run the step without the rest. This
 * one it cannot read, so its attempt fails, and another worker's is next.
 */
export interface SharedTask {
  /** Says which environment the task lacks. */
  shared: string;
  task: StepTask;
}

/** What a step that runs takes along when its run goes on in a new history. */
export interface CarriedStep {
  carried?: StepTask['carried'];
  /** When its next attempt is due, milliseconds since the epoch, where it waits for that. */
  resume_at?: number;
}

/** What an execution leaves behind, whether it succeeded or not: a report that is not judged yet. */
export interface StepFacts extends Omit<StepReport, 'status' | 'reason' | 'agent'> {
  started_at: number;
  duration_sec: number;
  stdout_tail: string;
  stderr_tail: string;
  log_dir: string;
  /** True where the logs are not whole: the disk was full, say. */
  log_incomplete?: true;
  /** Of an agent's turn. */
  turn?: TurnFacts;
}

/** Result of a step's activity that ended well. */
export interface StepSuccess extends StepFacts {
  status: 'success' | 'warning';
}

/** First detail of the failure of a step's activity; the failure's type is `StepFailed`. */
export interface StepFailureDetails extends Partial<StepFacts> {
  reason: StepReason;
}

/** What travels in a step's heartbeats. Temporal hands the last one to the next attempt. */
export interface StepHeartbeat {
  /** Executions that really failed so far; what is missing to Temporal's own count are lost workers. */
  failures: number;
  /** When the first attempt started, milliseconds since the epoch. */
  first_started_at: number;
  /** The executions that really failed, the last 50 of them. */
  failed_attempts?: readonly FailedAttempt[];
  /** Where its process is: the name of the worker's state folder. */
  host?: string;
  /** Attempts that ended because their worker went, in order. */
  detached?: number;
  pid?: number;
  bytes?: number;
  last_line?: string;
  /** Of an agent's turn so far. */
  tokens?: number;
  tool_calls?: number;
}
