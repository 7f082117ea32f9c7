import type { CarriedRun } from './carried-run.js';
import type { AgentSettings } from '../plan/model/agent.js';
import type { Json } from '../plan/model/values.js';
import type { UserNotify } from './notify.js';
import type { ReusedReport, StepReport } from './step-result.js';

/**
 * Version of the decisions that the workflow makes; grows when a change would break the replay of open runs. Earlier
 * ones go on to run as they began.
 *
 * - 1: a signal that came before the run began took the place of its first commands; each step's task had the whole
 *   environment of the run in it.
 * - 2: those commands are carried out first; what the steps of a run share is named, not repeated.
 * - 3: the plan is checked once, and what came of it stands in history: a replay checks nothing.
 * - 4: a run that becomes long goes on in a new history.
 * - 5: an approval without a timeout has a timer too; a history is left before it has 4,000 events.
 * - 6: what starts together is carried out together; on request short steps are handed to the worker in groups.
 * - 7: short steps are, unless the start says otherwise; a history is left before it has 3,000 events.
 * - 8: groups are as large as what they get to, and say only what is unusual; a history is left by what it has grown by.
 * - 9: the record is handed to the worker at the end only where that lacks some of it; items of lists go in groups, too.
 */
export const ENGINE_VERSION = 9;

/** The oldest version whose runs this code goes on with. `src/workflows/program/versions.ts` tells what each decides. */
export const OLDEST_ENGINE_VERSION = 1;

/** Start input of `runPlan`. */
export interface RunInput {
  engine_version: number;
  /** The plan as written. The run has it checked again, since anybody may start one. */
  plan: unknown;
  /** SHA-256 of the plan, hex: says which plan this was, wherever the run is looked at. */
  digest: string;
  /** Of a plan with sub-plans: the name of its own file, which theirs count from. */
  plan_path?: string;
  /** All sub-plans as they were when the run was started, each once, by path. */
  plans?: Record<string, PinnedPlan>;
  inputs: Record<string, Json>;
  /** Environment that the run takes along from the one who started it. */
  env: Record<string, string>;
  /** Absolute folder that relative paths count from; absent on a remote service. */
  base_dir?: string;
  /** The file that the plan was read from, as an absolute path; absent on a remote service. Only a rerun reads it. */
  plan_file?: string;
  /** Settings of agents from the starter's configuration file; those of the plan win. */
  agents?: Record<string, AgentSettings>;
  /** Who else is told of the run: what the starter's own configuration says. */
  notify?: UserNotify;
  /** Ids of steps that were not selected. */
  left_out?: string[];
  /** The run whose results are taken over. */
  rerun_of?: string;
  /** Reports of the steps that are taken over, by id. */
  reused?: Record<string, ReusedReport>;
  /** Of a `foreach` that runs again: the instances whose results are taken over, by step and index. */
  reused_items?: Record<string, Record<string, ReusedItem>>;
  /** Of the run of a sub-plan: names of the locks that are held for it by those above. */
  held_locks?: string[];
  /** Whether short steps go to the worker in groups. Default: true, false in runs of version 6. */
  short_steps?: boolean;
  /** Events of a history after which the run goes on in a new one. For tests: the usual number suits all runs. */
  history_events?: number;
  /** Of a run that goes on in a new history: what it had come to. */
  carried?: CarriedRun;
}

/** An instance that a rerun takes over, as long as the list still has that item there. */
export interface ReusedItem {
  /** Its label. */
  item: string;
  report: StepReport;
}

/** A sub-plan as a run keeps it. */
export interface PinnedPlan {
  plan: unknown;
  /** SHA-256 of it and of its own sub-plans, hex. */
  digest: string;
}
