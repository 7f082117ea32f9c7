import type { AgentAction, AgentSettings, Budget } from './agent.js';
import type { NotifySettings } from './notify.js';
import type { SecretSource } from './secret-source.js';
import type { Json, Timeout } from './values.js';

export type InputType = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';

/** One declared input of a plan. */
export interface InputSpec {
  type: InputType;
  default?: Json;
  /** True when the run cannot start without a value; false wherever a default is given. */
  required: boolean;
  enum?: readonly Json[];
  description?: string;
}

export type OnFailure = 'abort' | 'skip_dependents' | 'continue' | 'skip';
export type TriggerRule = 'all_success' | 'none_failed' | 'all_done';

/** What a step does. */
export type StepAction =
  | CommandAction
  | ShellAction
  | PowershellAction
  | HttpAction
  | ApprovalAction
  | WaitAction
  | PlanAction
  | AgentAction
  | NoopAction;

/** A program with arguments, run without a shell; with `shell: true`, `command` is one line for the shell. */
export interface CommandAction {
  type: 'command';
  command: string;
  args: readonly string[];
  shell: boolean;
  stdin?: string;
}

/** A shell script: `script` is text that is never templated, `script_file` counts from the step's cwd. */
export interface ShellAction {
  type: 'shell';
  script?: string;
  script_file?: string;
  stdin?: string;
}

/** A PowerShell script: text that is never templated, or a file that ends in `.ps1`. */
export interface PowershellAction {
  type: 'powershell';
  script: string;
  /** Positional, or by name; `true` makes a switch. */
  args: readonly string[] | Readonly<Record<string, Json>>;
  stdin?: string;
}

/** An HTTP call. */
export interface HttpAction {
  type: 'http';
  url: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  body?: Json;
  /** Codes (200), classes ("2xx") and ranges ("200-204") that are a success. */
  expect_status: readonly (number | string)[];
  max_body_bytes: number;
}

/** Waits until somebody approves or rejects; `timeout_sec` of the step, where given, then takes `default`. */
export interface ApprovalAction {
  type: 'approval';
  message?: string;
  /** Who may decide; empty means anybody who can reach the run. */
  approvers: readonly string[];
  /** What the approver is asked for; becomes outputs. */
  inputs: Readonly<Record<string, InputSpec>>;
  default: 'approve' | 'reject';
  /** Approvals of one key are asked for once in a run. */
  key?: string;
  /** Whether somebody is asked; absent means `ask`. */
  policy?: 'ask' | 'never';
}

/** Waits for a time; exactly one of the two. */
export interface WaitAction {
  type: 'wait';
  seconds?: number;
  /** RFC 3339. */
  until?: string;
}

/** Another plan, run as a run of its own below this one. */
export interface PlanAction {
  type: 'plan';
  /** Its file, counted from the folder of the plan that names it. */
  plan: string;
  /** What it is given for its inputs; strings in it may hold templates. */
  inputs: Readonly<Record<string, Json>>;
}

/** A step that only joins or marks a point of the graph. */
export interface NoopAction {
  type: 'noop';
}

export type BackoffKind = 'constant' | 'exponential';

/** How often and when a step that really failed is tried again. All times in seconds. */
export interface RetryPolicy {
  /** Further executions after the first failed one. */
  retries: number;
  delay_sec: number;
  backoff: BackoffKind;
  max_delay_sec?: number;
  /** Failure reasons that are retried; absent means the default set. */
  on?: readonly string[];
  no_retry_exit_codes: readonly number[];
}

/** A step with every default filled in. */
export interface Step {
  id: string;
  name: string;
  description?: string;
  tags: readonly string[];
  group?: string;
  weight: number;
  action: StepAction;
  /** Set where the action is written as `step_def`: the paths of diagnostics about it differ. */
  form?: 'step_def';
  cwd?: string;
  env: Readonly<Record<string, string>>;
  depends_on: readonly string[];
  provides: readonly string[];
  consumes: readonly string[];
  trigger_rule: TriggerRule;
  /** CEL; false skips the step: a branch not taken. */
  condition?: string;
  /** CEL; any true skips the step: it is not needed. Looked at before `condition`. */
  skip_if: readonly string[];
  /** One instance per element: a literal list, or CEL that gives one. */
  foreach?: string | readonly Json[];
  /** Instances at a time; absent means as many as the run allows. */
  max_parallel?: number;
  on_failure: OnFailure;
  critical: boolean;
  /** The step that runs where this one fails. */
  fallback_step?: string;
  /** Set on a fallback: the step that it stands in for. It sleeps until that one fails. */
  fallback_of?: string;
  /** True for the steps that run once all others have ended, whatever the end. */
  finally: boolean;
  timeout_sec: Timeout;
  /** Time between TERM and KILL when the step is stopped. */
  grace_sec: number;
  retry: RetryPolicy;
  /** How its end is told: in one line that is worked out, or by this text. */
  summary?: true | string;
  success_exit_codes: readonly number[];
  warning_exit_codes: readonly number[];
  /** Names held across runs while the step runs; an approval and a wait hold none. */
  locks: readonly string[];
  /** By name: those of `globals`, over them the step's own. */
  secrets: Readonly<Record<string, SecretSource>>;
  /** Never a second execution after a loss. */
  run_once: boolean;
  /** Bytes of stdout and stderr together, after which the step is stopped. */
  max_output_bytes: number;
  /** The task queue that runs the step; absent means the run's own. */
  queue?: string;
}

/** Opens after `failures` steps of one tool failed in a row, for `cooldown_sec`; then one step probes. */
export interface BreakerPolicy {
  failures: number;
  cooldown_sec: number;
}

/** Variables by which a step finds its run; each may be had under further names. */
export const OWN_VARIABLES = [
  'ORCH_RUN_ID',
  'ORCH_STEP_ID',
  'ORCH_ATTEMPT',
  'ORCH_IDEMPOTENCY_KEY',
  'ORCH_RUN_DIR',
  'ORCH_RUNS_DIR',
  'ORCH_MANIFEST',
] as const;

/** A variable by which a step finds its run. */
export type OwnVariable = (typeof OWN_VARIABLES)[number];

export interface PlanGlobals {
  max_concurrency: number;
  max_lost: number;
  /** For the whole run; `finally` steps come on top. */
  run_timeout_sec: Timeout;
  /** For all `finally` steps together. */
  finally_timeout_sec: number;
  /** For all attempts of a step together. */
  max_step_duration_sec: Timeout;
  on_abort: 'fail' | 'quarantine';
  breaker?: BreakerPolicy;
  /** Names held across runs, from before the first step until after `finally`. */
  locks: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Further names of orch's own variables, each with the variable whose value it gets. */
  env_aliases: Readonly<Record<string, OwnVariable>>;
  cwd?: string;
  /** Names of environment variables that a run takes along from the one who starts it. */
  pass_env: readonly string[];
  /** Settings of coding agents by name, over those that a run takes along. */
  agents: Readonly<Record<string, AgentSettings>>;
  /** Of all agents of the run together. */
  budget?: Budget;
  /** Who is told of the run; absent where nobody is. */
  notify?: NotifySettings;
}

/** A validated plan with every default filled in. Nothing downstream sees an unvalidated one. */
export interface Plan {
  plan_id: string;
  /** The plan's own, as its author counts; nothing is done with it. */
  version?: string;
  description?: string;
  metadata: Readonly<Record<string, Json>>;
  inputs: Readonly<Record<string, InputSpec>>;
  globals: PlanGlobals;
  /** What the run hands out in the end, by name; strings in it may hold templates that read every step. */
  outputs: Readonly<Record<string, Json>>;
  /** Ids of the steps that guard what it does; absent where nothing is said of them. */
  guardrails?: readonly string[];
  /** Those of `steps`, then those of `finally`. */
  steps: readonly Step[];
}
