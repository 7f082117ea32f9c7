import type { CarriedAgents } from './carried-agent.js';
import type { CarriedCounts } from './carried-counts.js';
import type { Column, PackedRows } from './columns.js';
import type { CompactPlan } from './compact-plan.js';
import type { CarriedNotify } from './notify.js';
import type { CarriedStep } from './step-task.js';

/** The plans of a run as they were found good, against the documents that its input holds. */
export interface CarriedPlans {
  plan: CompactPlan;
  /** Sub-plans, with their paths. */
  plans: [string, CompactPlan][];
  /** Bytes that they and their documents take when they are compressed. */
  packed: number;
}

/** A run between two events, as it travels to the history that it goes on in: the engine packs and unpacks it. */
export interface RunSnapshot {
  /** Of this form. Runs that travel may meet a later orch. */
  v: 1;
  /** All but the steps. */
  run: object;
  steps: PackedRows;
  ready: Column;
}

/**
 * Form of what is carried.
 *
 * - 1: steps of agents kept a run in its history until they had ended.
 * - 2: they go along; and what has a slot keeps it, whatever else wants one.
 */
export const CARRIED_VERSION = 2;

/**
 * All of a run that goes on in a new history, besides its input. Times are milliseconds since the epoch. What nothing
 * reads any more stays behind.
 */
export interface CarriedRun {
  /** Of this form: the orch that reads it may be a later one. */
  v: 1 | typeof CARRIED_VERSION;
  plans: CarriedPlans;
  state: RunSnapshot;
  /** When the run was started. */
  created_at: number;
  /** Number of its last event. */
  events: number;
  /** Timers of the run, by name. */
  timers: [timer: string, at: number][];
  /** Steps that wait for a time. */
  waits: [step: number, at: number][];
  /** Executions so far, by step or instance. */
  executed: CarriedCounts;
  /** Runs of sub-plans so far, by step or instance. */
  sub_runs: CarriedCounts;
  /** Takings of locks so far. */
  lockings: number;
  /** Those of the steps that run, by step or instance. */
  locks: [id: string, locks: CarriedLocks][];
  /** Steps of a list that are under way. */
  lists: [step: number, list: CarriedList][];
  /** What runs, by step or instance. */
  running: [id: string, step: CarriedStep][];
  /** From form 2 on. */
  agents?: CarriedAgents;
  /** Of a run that tells people of what happens to it. */
  notify?: CarriedNotify;
}

/** Which taking of locks it is, and whether it has them all. */
export interface CarriedLocks {
  number: number;
  held: boolean;
}

/** A `foreach` between two of its instances. */
export interface CarriedList {
  /** Index of the next instance to start. */
  next: number;
  /** Those that have started and not ended. */
  running: number[];
  /** Reports of those that have ended, in order. */
  reports: PackedRows;
}
