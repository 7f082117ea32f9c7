import type { PinnedSources, ScheduleDefinition } from '../contract/schedule-messages.js';
import type { Overlap, Timing } from '../plan/schedule/timing.js';
import type { Json } from '../plan/model/values.js';
import type { RunState } from './types.js';

/** A schedule to make. */
export interface ScheduleToMake {
  name: string;
  timing: Timing;
  /** Default `skip`. */
  overlap?: Overlap;
  /** Seconds after a time was missed until nothing is started for it any more. Default a day. */
  catchUpSec?: number;
  plan_id: string;
  /** Absolute path of the plan's file. */
  file?: string;
  /** The plan as it is now; without it, it is read from its file for every run. */
  pinned?: PinnedSources;
  inputs: Readonly<Record<string, Json>>;
  env: Readonly<Record<string, string>>;
  baseDir?: string;
}

/**
 * How a run of a schedule stands: as a run does; `starting` before it has begun, `not_started` where it could not be
 * started, and `unknown` where the service has forgotten it.
 */
type ScheduledState = RunState | 'starting' | 'not_started' | 'unknown';

/** A time at which a schedule was due, and what came of it. Times are milliseconds since the epoch. */
export interface ScheduledRunView {
  due: number;
  run_id: string;
  status: ScheduledState;
  /** Why there is no run, or not yet. */
  reason?: string;
  started_at?: number;
  finished_at?: number;
}

/** A schedule as lists show it. */
export interface ScheduleView {
  name: string;
  /** `foreign`: not made by orch, or changed by others; nothing is started by it. */
  state: 'active' | 'paused' | 'foreign';
  /** Why it is paused. */
  note?: string;
  /** Absent where it is foreign. */
  definition?: ScheduleDefinition;
  /** When it is due next, at most ten times; none while it is paused. */
  next: number[];
  /** What it has started last. */
  last?: ScheduledRunView;
}

/** A schedule with what it has done. */
export interface ScheduleDetails extends ScheduleView {
  /** Newest first. */
  recent: ScheduledRunView[];
  /** Runs that begin once the one before has ended. */
  waiting: number;
  /** Times at which nothing was started: the last run was still open. */
  skipped: number;
  /** Times that passed while the service was down for longer than it catches up. */
  missed: number;
}

/** What came of a trigger. */
export type Triggered =
  | { outcome: 'started'; due: number; run_id: string }
  /** The last run is still open, and the schedule says that nothing is started then. */
  | { outcome: 'skipped'; open: string[] }
  /** It begins once the run before has ended. */
  | { outcome: 'waiting'; open: string[] };
