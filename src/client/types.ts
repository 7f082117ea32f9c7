import type { AgentSettings } from '../plan/model/agent.js';
import type { Selection } from '../plan/graph/selection.js';
import type { Json } from '../plan/model/values.js';
import type { CheckedPlans } from './checked-plans.js';
import type { PastRun } from './rerun-types.js';
import type { UserNotify } from '../contract/notify.js';
import type { ProgressView } from '../contract/run-messages.js';
import type { RUN_STATES } from '../contract/statuses.js';

/** A plan to start, as `loadPlanFile` gives it; `source` alone is enough for a plan without sub-plans. */
export interface PlanToStart {
  /** The document as written, parsed. This is what a run's input carries. */
  source: unknown;
  /** The name of the plan's own file, without its folder. */
  path?: string;
  /** The documents of its sub-plans, and theirs, by their path from the folder of this plan. They are kept with the run. */
  plans?: Readonly<Record<string, unknown>>;
  /** Settings of agents from a configuration file; the plan's win. */
  agents?: Readonly<Record<string, AgentSettings>>;
  /** What `loadPlanFile` has found: where the documents are still the same, they are not checked again. */
  checked?: CheckedPlans;
}

export interface StartOptions {
  /** Workflow id of the run. Default: `<plan_id>-<8 random characters>`. */
  runId?: string;
  /** Values of the plan's inputs; strings are converted to the declared types. */
  inputs?: Readonly<Record<string, Json>>;
  /** Environment that the run takes along, besides the names that the plan mentions. */
  env?: Readonly<Record<string, string>>;
  /** Where names that the plan mentions or passes are looked up. Default: `process.env`. */
  from?: Readonly<Record<string, string | undefined>>;
  /** Absolute folder that relative paths count from. Default: the current one on the embedded service, else none. */
  baseDir?: string;
  /** The plan's file as an absolute path, so that a rerun can read it again. Has no effect on a remote service. */
  planFile?: string;
  /** Which steps it takes; default all. */
  select?: Selection;
  /** An earlier run, and the steps whose results are taken over from it. */
  rerun?: { of: PastRun; reused: readonly string[] };
  /** Who else is told of the run, from a person's own configuration: `readUserNotify` reads it. Default: nobody. */
  notify?: UserNotify;
  /** Whether short steps go to the worker in groups. Default: unless `ORCH_SHORT_STEPS` is `0`. */
  shortSteps?: boolean;
  /** Events after which the run goes on in a new history, for tests of that. */
  historyEvents?: number;
  /** Who starts it. Default: `<user>@<host>`. */
  startedBy?: string;
}

/** What Temporal calls a run, and `paused` and `quarantined`, which to Temporal are running. */
export type RunState = (typeof RUN_STATES)[number];

/** A run as the list shows it. Times are milliseconds since the epoch. */
export interface RunSummary {
  run_id: string;
  plan_id: string;
  status: RunState;
  started_at: number;
  finished_at?: number;
  project?: string;
  tags?: string[];
  started_by?: string;
  /** The format that its plan was converted from. */
  format?: string;
  /** The run above, of a run that a step of it has started. */
  parent_run_id?: string;
}

/** A run as `status` shows it. */
export interface RunDescription extends RunSummary {
  /** What the run says of itself; absent where it could not be asked, and for a run that ended before it began. */
  progress?: ProgressView;
  /** True when no worker answered, so that `progress` is missing. */
  stale: boolean;
  /** Set with `stale` where there is a worker that has not come to answering. */
  busy?: true;
  /** Why its worker fails to decide what comes next, where it does. */
  stuck?: string;
  web_ui?: string;
}
