import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { StepReason, StepStatus, RunStatus } from '../engine/types.js';

/** Workflow type of a run. A literal that open runs depend on. */
export const RUN_PLAN = 'runPlan';

/** One step as the outside sees it. Times are milliseconds since the epoch, durations seconds. */
export interface StepView {
  id: string;
  status: StepStatus;
  reason?: StepReason;
  /** One line for people: the error's text, or who did it. */
  message?: string;
  /** Executions that really ran; 0 where the step never started. */
  attempts: number;
  exit_code?: number;
  /** Name of the signal that ended the process. */
  signal?: string;
  started_at?: number;
  finished_at?: number;
  /** Last bytes of stdout and stderr of the last attempt, at most 2 KiB together. */
  stdout_tail?: string;
  stderr_tail?: string;
  /** Folder of the last attempt's full logs, on the host that ran it. */
  log_dir?: string;
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
  started_at: number;
  finished_at?: number;
  /** In plan order; all steps, or with `since` only those that changed after that version. */
  steps: StepView[];
}

/** Result of a run: carried by a Completed run, and by the `RunFailed` failure's details of a Failed one. */
export interface RunResult {
  run_id: string;
  plan_id: string;
  status: 'succeeded' | 'failed' | 'canceled';
  warnings: number;
  started_at: number;
  finished_at: number;
  steps: StepView[];
}

/** What a steering verb says about itself: which step, and who asks. */
export interface StepVerb {
  step: string;
  by?: string;
}

/** The answer of a verb that was accepted. Refusals are update failures of type `Refused`. */
export interface VerbAccepted {
  step: string;
  status: StepStatus;
}

export const progressQuery = defineQuery<ProgressView, [{ since?: number }?]>('progress');

export const skipUpdate = defineUpdate<VerbAccepted, [StepVerb]>('skip');
export const skipSignal = defineSignal<[StepVerb]>('skip');
export const cancelStepUpdate = defineUpdate<VerbAccepted, [StepVerb]>('cancelStep');
export const cancelStepSignal = defineSignal<[StepVerb]>('cancelStep');
