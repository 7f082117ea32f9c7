import type { ActivityInterfaceFor } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import type { SharedTask, StepSuccess, StepTask } from '../../contract/step-task.js';
import type { StepReport } from '../../engine/index.js';
import type { Step } from '../../plan/model/plan.js';
import type { Timeout } from '../../plan/model/values.js';
import { ownEnv, type SharedEnv } from '../../plan/templates/shared-env.js';
import type { Temporal } from '../temporal/temporal.js';
import { hostActivities, limitMs, onHost, reap, type Place } from './on-host.js';
import { isForged, MAX_FORGERIES, reportOf } from './step-end.js';
import { tooLarge } from './task-size.js';
import { defined } from '../../basics/defined.js';

/** What Temporal waits beyond the step's own timeout and grace, before it takes a worker for stuck. */
const TIMEOUT_SLACK_SEC = 60;

/** What all steps of a run have in common. */
export interface StepRun {
  /** The engine version of the run. */
  version: number;
  maxDuration: Timeout;
  /** What a task has in common with those of the other steps, and does not carry itself. */
  shared?: SharedEnv | undefined;
}

/** Runs the steps of a run as activities. */
export class StepActivities {
  private readonly activities: ActivityInterfaceFor<Activities>;

  constructor(
    private readonly temporal: Temporal,
    private readonly run: StepRun,
  ) {
    this.activities = hostActivities(temporal, '1 minute');
  }

  /** Bytes of a task as it travels, about. */
  sizeOf(task: StepTask): number {
    return JSON.stringify(this.travelling(task)).length;
  }

  /** Runs a step and tells how it ended. Never throws for an end that a step can have. */
  execute(step: Step, task: StepTask): Promise<StepReport> {
    const large = this.run.shared === undefined ? undefined : tooLarge(this.travelling(task));
    if (large !== undefined) {
      return Promise.resolve({
        status: 'failed',
        reason: 'input_invalid',
        message: `InputError: ${large}`,
        attempts: 0,
      });
    }
    let lostHosts = 0;
    let forgeries = 0;
    return onHost(task, {
      queue: step.queue,
      attempt: (known, place) => this.attempt(step, known, place),
      done: (report) => report,
      hostGone(host, known) {
        lostHosts += 1;
        return task.run_once === true || lostHosts > task.max_lost ? hostLost(host, known) : undefined;
      },
      // The folder of the process knows what is true.
      asksAgain(error) {
        const asks = isForged(error) && forgeries < MAX_FORGERIES && task.action.type !== 'http';
        if (asks) forgeries += 1;
        return asks;
      },
      failed: (error, known) => this.failed(error, known, step.queue),
    });
  }

  private async attempt(step: Step, task: StepTask, place: Place): Promise<StepReport> {
    const { timeout_sec, grace_sec } = step;
    const success: StepSuccess = await this.activities.runStep.executeWithOptions(
      {
        activityId: `s:${task.step_id}`,
        summary: `${step.name}${task.step_id.slice(step.id.length)}`.slice(0, 200),
        startToCloseTimeout: limitMs([timeout_sec, this.run.maxDuration], grace_sec + TIMEOUT_SLACK_SEC),
        ...place,
      },
      [this.travelling(task)],
    );
    const { status, duration_sec: _, ...facts } = success;
    return { status, ...facts };
  }

  /** A canceled step whose end nobody has reported may still run: its worker was gone when it was canceled. */
  private async failed(error: unknown, task: StepTask, queue: string | undefined): Promise<StepReport> {
    const report = reportOf(error);
    const canceled = this.temporal.currentScope().consideredCancelled;
    const unheard = canceled && report.log_dir === undefined && task.action.type !== 'http';
    if (unheard && (this.run.version > 1 || this.temporal.patched('reap'))) {
      await this.temporal.shielded(() => this.reap(task, queue));
    }
    return report;
  }

  private reap(task: StepTask, queue: string | undefined): Promise<void> {
    const { step_id, grace_sec, attempts_before, first_run_id, retry, carried } = task;
    const limit = limitMs([grace_sec], TIMEOUT_SLACK_SEC);
    return reap(
      this.activities,
      {
        step_id,
        grace_sec,
        retries: retry.retries,
        ...defined({ attempts_before, first_run_id, carried }),
      },
      queue,
      { startToCloseTimeout: limit, scheduleToCloseTimeout: limit },
    );
  }

  /** The task as it travels. Without `shared` it has its whole environment. */
  private travelling(task: StepTask): StepTask | SharedTask {
    const { shared } = this.run;
    if (shared === undefined) return task;
    return { shared: shared.mark, task: { ...task, env: ownEnv(task.env, shared) } };
  }
}

function hostLost(host: string, { attempts_before = 0, carried, run_once }: StepTask): StepReport {
  return {
    status: 'failed',
    reason: 'wrong_host',
    message: `HostLostError: the step was started on ${host}, which no worker serves any more${run_once ? '; run_once forbids another start' : ''}`,
    attempts: attempts_before + (carried?.failures ?? 0) + 1,
  };
}
