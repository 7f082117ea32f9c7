import type { Plan } from '../plan/types.js';
import type { Graph } from '../plan/graph.js';
import type { EndStatus, RunStatus, StepReason, StepStatus } from './types.js';

/** What a run follows: a checked plan and its one graph. Built once, never changed. */
export interface Program {
  plan: Plan;
  graph: Graph;
}

/** What an execution reported about itself. The engine keeps it and never looks inside, but for the status. */
export interface StepReport {
  status: 'success' | 'warning' | 'failed' | 'canceled';
  reason?: StepReason;
  message?: string;
  attempts: number;
  exit_code?: number;
  signal?: string;
  started_at?: number;
  stdout_tail?: string;
  stderr_tail?: string;
  log_dir?: string;
}

/** What an ended step is for those that depend on it. */
export type Standing = 'ok' | 'skipped' | 'failed';

export interface StepState {
  status: StepStatus;
  reason?: StepReason;
  message?: string;
  report?: StepReport;
  /** Set once a stop was asked for: whatever end is reported afterwards is `canceled` for this reason. */
  stopping?: StepReason;
  /** Who asked for the skip or the stop. */
  by?: string;
  standing?: Standing;
  /** Dependencies that have not ended; at 0 the trigger rule decides. */
  awaited: number;
  failedDependencies: number;
  skippedDependencies: number;
  /** Milliseconds since the epoch. */
  startedAt?: number;
  finishedAt?: number;
  /** The run's version at this step's last change. */
  changed: number;
}

/**
 * A run. Plain data, so that it can be carried over and compared.
 *
 * `decide` takes it over: it changes it in place and hands it back, because copying ten thousand steps for every
 * event would make a run quadratic. Who needs the old one copies it first (`structuredClone`).
 */
export interface RunState {
  status: RunStatus;
  /** Grows by one with every change of a step or of the run. */
  version: number;
  startedAt: number;
  finishedAt?: number;
  steps: StepState[];
  counts: Record<StepStatus, number>;
  /** Indexes of steps whose rule let them through, in the order in which they became ready. */
  ready: number[];
  /** Next index of `ready` to look at; cheaper than shifting the array. */
  readyHead: number;
  /** Steps that hold a slot. */
  running: number;
  /** Steps without an end. */
  open: number;
  /** Why nothing new starts: a failure that aborts, or a cancel. */
  stop?: 'aborted' | 'run_canceled';
  canceledBy?: string;
  /** A critical step failed, or was canceled by an operator. */
  broken: boolean;
  /** Steps that ended `warning`, plus failures that do not fail the run. */
  warnings: number;
}

/** A new run of `program`: every step pending, nothing started. */
export function createState(program: Program, at: number): RunState {
  const steps = program.graph.dependencies.map((dependencies): StepState => ({
    status: 'pending',
    awaited: dependencies.length,
    failedDependencies: 0,
    skippedDependencies: 0,
    changed: 0,
  }));
  return {
    status: 'running',
    version: 0,
    startedAt: at,
    steps,
    counts: {
      pending: steps.length,
      running: 0,
      waiting: 0,
      success: 0,
      warning: 0,
      failed: 0,
      skipped: 0,
      canceled: 0,
    },
    ready: [],
    readyHead: 0,
    running: 0,
    open: steps.length,
    broken: false,
    warnings: 0,
  };
}

/** True for the statuses that a step never leaves. */
export function isEnd(status: StepStatus): status is EndStatus {
  return status !== 'pending' && status !== 'running' && status !== 'waiting';
}
