import type { AgentSettings } from '../plan/model/agent.js';
import type { Json } from '../plan/model/values.js';
import type { Overlap, Timing } from '../plan/schedule/timing.js';

/** Workflow type that a schedule starts. A literal that schedules depend on. */
export const SCHEDULED_START = 'scheduledStart';

/** What the ids of schedules begin with, and those of the workflows that they start. */
export const SCHEDULE_PREFIX = 'orch-schedule:';

/** Version of {@link ScheduleDefinition}; grows when an older worker could not read one. */
export const SCHEDULE_VERSION = 1;

/** Temporal's id of the schedule with this name. */
export function scheduleId(name: string): string {
  return `${SCHEDULE_PREFIX}${name}`;
}

/** Name of the schedule with this id. */
export function scheduleName(id: string): string {
  return id.slice(SCHEDULE_PREFIX.length);
}

/** What a schedule starts, and when. Temporal keeps it as the input of what it starts; on the embedded service it is signed. */
export interface ScheduleDefinition {
  schedule_version: number;
  /** Another one with every change: tells which definition is in force. */
  id: string;
  name: string;
  timing: Timing;
  overlap: Overlap;
  /** Seconds after a time was missed until nothing is started for it any more. */
  catch_up_sec: number;
  plan_id: string;
  /** Absolute path of the plan's file. Where nothing is pinned, it is read anew for every run. */
  file?: string;
  pinned?: PinnedSources;
  inputs: Record<string, Json>;
  /** Environment that runs take along from where the schedule was made. */
  env: Record<string, string>;
  /** Absolute folder that relative paths count from; absent on a remote service. */
  base_dir?: string;
  created_by: string;
  /** When it was made or changed last, milliseconds since the epoch. */
  created_at: number;
}

/** A plan as it was when the schedule was made. */
export interface PinnedSources {
  source: unknown;
  path?: string;
  plans?: Readonly<Record<string, unknown>>;
  agents?: Readonly<Record<string, AgentSettings>>;
}

/** A run that a schedule has started. */
export interface ScheduledRun {
  run_id: string;
  temporal_run_id: string;
}

/** How it ended. */
export interface ScheduledEnd {
  run_id: string;
  /** `succeeded`, `failed` …; `unknown` where the service has forgotten the run. */
  status: string;
}

/** What the worker does for schedules. */
export interface ScheduledStarts {
  /**
   * Starts the run of a schedule; once, however often it is asked.
   *
   * @param by the workflow that the schedule has started
   * @throws an OrchError that says why not
   */
  start(by: { workflowId: string; runId: string }): Promise<ScheduledRun>;
  /** Waits for the end of the run, and tells it; undefined where it was given up, by `signal` or by the service, and the run is open. */
  endOf(run: ScheduledRun, signal: AbortSignal): Promise<ScheduledEnd | undefined>;
  /** Asks the run to stop. */
  cancel(run: ScheduledRun, by: string): Promise<void>;
}

/** When the start with this workflow id was due: the service puts that time after the id. */
export function dueOf(workflowId: string): { name: string; due: number } | undefined {
  const [, name, time] = /^orch-schedule:(.+)-(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(workflowId) ?? [];
  if (name === undefined || time === undefined) return undefined;
  const due = Date.parse(time);
  return Number.isNaN(due) ? undefined : { name, due };
}

/** Id of the run that a schedule starts for a time: `nightly-20261129T020000Z`. */
export function scheduledRunId(name: string, due: number): string {
  return `${name}-${new Date(due).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
}
