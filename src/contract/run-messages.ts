import { defineQuery } from '@temporalio/workflow';
import type { Json } from '../plan/model/values.js';
import type { FailedNotification } from './notify.js';
import type { EventsPage, PlanAnswer } from './run-record.js';
import type { RunEnd, RunStatus, StepReason, StepStatus } from './statuses.js';
import type { ExecutionFacts, ResultFacts } from './step-result.js';

/** Workflow type of a run. A literal that open runs depend on. */
export const RUN_PLAN = 'runPlan';
/**
 * Signal of a run to those of its sub-plans: their cancel is forced. It may come before the cancel itself, which the
 * verb `cancel` would refuse.
 */
export const FORCE_CANCEL = 'forceCancel';
/** Signal that says who is about to cancel a run: Temporal's own cancel cannot. A worker that does not know it passes over it. */
export const CANCEL_SENDER = 'cancelSender';

/**
 * One step as the outside sees it, with the facts of its last attempt. Tails have 2 KiB together at most, logs are on the
 * host that ran it. Times are milliseconds since the epoch.
 */
export interface StepView extends Partial<Omit<ExecutionFacts, 'host'>>, Partial<ResultFacts> {
  id: string;
  status: StepStatus;
  reason?: StepReason;
  /** One line for people: the error's text, or who did it. */
  message?: string;
  /** Executions that really ran; 0 where the step never started. */
  attempts: number;
  started_at?: number;
  finished_at?: number;
  /** What a step with the status `waiting` waits for, or a `running` one before it begins. */
  waits_for?: 'approval' | 'time' | 'lock' | 'quota' | 'budget' | 'answer';
  /** Who may decide, of an approval that is waited for; absent for anybody. */
  approvers?: readonly string[];
  /** When it began to wait for that, where it is known. */
  waits_since?: number;
  /** How far its instances are, of a `foreach` that runs. */
  items?: ItemCounts;
  /** Runs of its sub-plan, in the order of their starts: one for each try and each instance, the last ones of many. */
  sub_runs?: string[];
  /** What it does now: its last words. Known to the service, not to the run. */
  live?: string;
  /** What people should know of it, though it goes on. */
  warning?: string;
  /** True where its fallback made up for the failure. */
  recovered?: boolean;
  /** True where outputs or texts were left out or cut, as all steps together said too much: the record has the whole. */
  cut?: true;
  /** Heading under which it is shown, its place there, and its labels; as far as the plan gives them. */
  group?: string;
  weight?: number;
  tags?: readonly string[];
}

/** How far the instances of a `foreach` are. */
export interface ItemCounts {
  total: number;
  /** Those that have ended, in whatever way. */
  ended: number;
  /** Those of them that failed. */
  failed: number;
}

/** Answer of the query `progress`. */
export interface ProgressView {
  run_id: string;
  plan_id: string;
  status: RunStatus;
  /** Grows with every change; hand it back as `since` to get only what changed after it. */
  version: number;
  total_steps: number;
  /** How many steps stand in each status. */
  counts: Record<StepStatus, number>;
  /** Failures that did not fail the run, plus steps that ended as `warning`. */
  warnings: number;
  /** Failed steps that wait for a person; only while the run is quarantined. */
  held: string[];
  /** What the run itself waits for before it starts anything, in words: a lock, or the end of what keeps it in its history. */
  waits_for?: string;
  /** What to do about the guardrails of the plan; absent where there is nothing to do. */
  recommendations?: string[];
  /** Who could not be told of what, the last ones; absent where all were. */
  failed_notifications?: readonly FailedNotification[];
  started_at: number;
  finished_at?: number;
  /** Of the plan; only of a run that has ended. */
  outputs?: Readonly<Record<string, Json>>;
  /** In plan order; all steps, or with `since` only those that changed after that version. */
  steps: StepView[];
}

/** Result of a run: carried by a Completed run, and by the `RunFailed` failure's details of a Failed one. */
export interface RunResult {
  run_id: string;
  plan_id: string;
  status: RunEnd;
  warnings: number;
  started_at: number;
  finished_at: number;
  /** What the plan hands out; what could not be worked out is left out. */
  outputs?: Readonly<Record<string, Json>>;
  /** What to do about the guardrails of the plan; absent where there is nothing to do. */
  recommendations?: string[];
  /** Who could not be told of what, the last ones; absent where all were. */
  failed_notifications?: readonly FailedNotification[];
  steps: StepView[];
}

/** Answer of the query `explain`. */
export interface Explanation {
  step: string;
  status: StepStatus;
  /** Why it ran, waits, was skipped or ended, one sentence a line. */
  lines: string[];
}

/** What every steering verb may say of its sender. */
interface RunVerb {
  by?: string;
}
/** A verb about one step. */
interface StepVerb extends RunVerb {
  step: string;
}
interface SkipVerb extends StepVerb {
  /** Also skips what depends on the step, at any depth, as far as it has not started. */
  propagate?: boolean;
}
interface DecisionVerb extends StepVerb {
  comment?: string;
  /** Values that the approval asks for; they become outputs. */
  inputs?: Record<string, Json>;
}
interface AnswerVerb extends StepVerb {
  text: string;
}
interface CancelVerb extends RunVerb {
  /** Also ends the `finally` steps. Only for a run that is being canceled already. */
  force?: boolean;
}

/** The answer of a verb that was accepted. Refusals are update failures of type `Refused`. */
export interface VerbAccepted {
  step?: string;
  /** What the step is now; of the run, where the verb is about the run. */
  status: StepStatus | RunStatus;
  /** Set by the client where it was sent as a signal: Temporal takes no more updates of this run. */
  sent_as?: 'signal';
}

export const progressQuery = defineQuery<ProgressView, [{ since?: number }?]>('progress');
export const explainQuery = defineQuery<Explanation, [{ step: string }]>('explain');
export const eventsQuery = defineQuery<EventsPage, [{ after?: number; limit?: number }?]>('events');
export const planQuery = defineQuery<PlanAnswer>('plan');

/**
 * The steering verbs. Each is an update, which can refuse, and a signal of the same name, for scripts and the Web UI;
 * with what each takes.
 */
export interface Verbs {
  skip: SkipVerb;
  cancelStep: StepVerb;
  retry: StepVerb;
  approve: DecisionVerb;
  reject: DecisionVerb;
  answer: AnswerVerb;
  pause: RunVerb;
  resume: RunVerb;
  cancel: CancelVerb;
}

export type VerbName = keyof Verbs;
