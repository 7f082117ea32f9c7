import type { Graph } from '../plan/graph/graph.js';
import type { Plan } from '../plan/model/plan.js';
import type { Json } from '../plan/model/values.js';
import type { StepReport } from '../contract/step-result.js';
import {
  countStatuses,
  type EndStatus,
  type RunStatus,
  type StepReason,
  type StepStatus,
} from '../contract/statuses.js';

/** What a run follows: a checked plan, its one graph, and its conditions. Built once, never changed. */
export interface Program {
  plan: Plan;
  graph: Graph;
  /**
   * Looks at a step's `skip_if` and `condition` once its dependencies have ended and its rule lets it through.
   * Default: every step may start.
   */
  mayStart?: (state: RunState, step: number) => StartVerdict;
}

/** What the conditions of a step say. */
export type StartVerdict =
  | { start: true }
  | { start: false; reason: 'skip_if' | 'condition_false' | 'expression_error'; message?: string };

/** What an ended step is for those that depend on it. */
export type Standing = 'ok' | 'skipped' | 'failed';

/** Why a step that has begun has no slot: its agent is out of quota, or a person must say something. */
export interface Park {
  why: 'quota' | 'question' | 'escalated' | 'budget';
  /** What it waits for, for people. */
  message: string;
  /** Until when, milliseconds since the epoch, where that is known. */
  until?: number;
}

/** A lock that somebody waits for, and the run that holds it; no lock yet where the run has only just asked. */
export interface LockWait {
  name?: string;
  holder?: string;
  /** When it was told so; runs of an older orch have not kept it. */
  since?: number;
}

export interface StepState {
  status: StepStatus;
  reason?: StepReason;
  message?: string;
  report?: StepReport;
  /** Set once a stop was asked for: whatever end is reported afterwards is `canceled` for this reason. */
  stopping?: StepReason;
  /** Who asked for the skip, the stop or the decision. */
  by?: string;
  /** Set when the end is final for others: a failed step waits for its fallback, or for a person, before. */
  standing?: Standing;
  /** True where a fallback made up for the failure. */
  recovered?: boolean;
  /** A fallback whose owner failed: it sleeps no longer. */
  awake?: boolean;
  /** The lock that it waits for: it has its turn, and starts once it holds all its locks. */
  lock?: LockWait;
  /** Runs of its sub-plan, the latest ones, in the order of their starts. */
  subRuns?: string[];
  /** Set while a step that has begun waits without a slot; `told` once a person has said something. */
  park?: Park & { told?: true; ready?: true };
  /** What people should know of it, the latest. */
  warning?: string;
  /** True while it waits for its tool's breaker. */
  parked?: boolean;
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

/** What somebody decided. */
export interface ApprovalDecision {
  decision: 'approve' | 'reject';
  by?: string;
  comment?: string;
  /** Values of the inputs that were asked for. */
  outputs?: Readonly<Record<string, Json>>;
}

/** A decision that answers every approval of its key, for the rest of the run. */
export interface RememberedDecision extends ApprovalDecision {
  key: string;
  /** The step that was asked. */
  step: number;
}

/** A breaker of one tool. */
export interface BreakerState {
  /** Steps of the tool that failed for good in a row. */
  failures: number;
  /** Milliseconds since the epoch; starts wait until then. */
  openUntil?: number;
  /** The one step that tries whether the tool works again. */
  probe?: number;
  /** Steps that wait, in order. */
  parked: number[];
}

/**
 * A run. Plain data, so that it can be carried over and compared.
 *
 * `decide` changes it in place, because copying ten thousand steps for every event would make a run quadratic. Who needs the old one copies it first (`structuredClone`).
 */
export interface RunState {
  status: RunStatus;
  /** `finally` steps start once all others have ended. */
  phase: 'main' | 'finally';
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
  /** Parked steps that want a slot again, in order; they go before those that have not begun. */
  resuming?: number[];
  /** Steps that hold a slot. */
  running: number;
  /** Steps of the phase without an end that is final for others. */
  open: number;
  paused: boolean;
  /** Set until the run holds the locks of the plan; nothing starts before. */
  lock?: LockWait;
  /** Nothing starts: the run is about to go on in a new history. Never for long, and never part of what it carries. */
  holding?: true;
  /** Failed steps that wait for a person, where the plan says `on_abort: quarantine`. */
  held: number[];
  /** Why nothing but `finally` starts any more. */
  stop?: 'aborted' | 'run_canceled' | 'run_timeout' | 'history_full';
  /** Who canceled the run, where that was said. */
  canceledBy?: string;
  /** True once even `finally` is being ended. */
  forced: boolean;
  /** Critical steps that failed, or were canceled by an operator, without recovery. */
  broken: number;
  /** Steps that ended `warning`, plus failures that do not fail the run. */
  warnings: number;
  breakers: Record<string, BreakerState>;
  /** Decisions on approvals with a key, in their order. */
  decisions?: RememberedDecision[];
  /** What the last decision changed, in order. */
  changes: StepChange[];
}

/** A step's new status; that its fallback made up for its failure; that it gave its slot back, or has one again. */
interface StepChange {
  step: number;
  to: StepStatus | 'recovered' | 'parked' | 'continued';
}

/**
 * A new run of `program`: every step pending, nothing started. The graph tells all that it needs: to look at a step of a
 * large plan is to make it.
 */
export function createState({ graph, plan }: Program, at: number): RunState {
  const steps = graph.dependencies.map((dependencies, index): StepState => ({
    status: 'pending',
    // A fallback also awaits the failure of its owner.
    awaited: dependencies.length + (graph.owners[index] === undefined ? 0 : 1),
    failedDependencies: 0,
    skippedDependencies: 0,
    changed: 0,
  }));
  return {
    status: 'running',
    phase: 'main',
    version: 0,
    startedAt: at,
    steps,
    counts: countStatuses(steps),
    ready: [],
    readyHead: 0,
    running: 0,
    open: graph.mainCount,
    paused: false,
    ...(plan.globals.locks.length === 0 ? {} : { lock: {} }),
    held: [],
    forced: false,
    broken: 0,
    warnings: 0,
    breakers: {},
    changes: [],
  };
}

/** Whether a step is of the phase that the run is in. */
export function isOfPhase({ graph }: Program, { phase }: Pick<RunState, 'phase'>, index: number): boolean {
  return index >= graph.mainCount === (phase === 'finally');
}

/** True for the statuses that a step never leaves, but by a retry. */
export function isEnd(status: StepStatus): status is EndStatus {
  return status !== 'pending' && status !== 'running' && status !== 'waiting';
}

/** True for the statuses that a run never leaves. */
export function isRunEnd(status: RunStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'canceled';
}
