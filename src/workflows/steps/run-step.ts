import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import type { SharedTask, StepFailureDetails, StepHeartbeat, StepTask } from '../../contract/step-task.js';
import type { StepReport } from '../../engine/index.js';
import type { Timeout } from '../../plan/model/values.js';
import { ownEnv, type SharedEnv } from '../../plan/templates/shared-env.js';
import type { Step } from '../../plan/model/plan.js';
import { tooLarge } from './task-size.js';
import { hostQueue } from '../../contract/names.js';
import { FORGED } from '../signing/answers.js';

/** A step that beats no more is taken for lost after this long. */
const HEARTBEAT_TIMEOUT = '10 seconds';
/** How often a process is asked again how it ended, where somebody else has answered for it. */
const MAX_FORGERIES = 3;
/** What Temporal waits beyond the step's own timeout and grace, before it takes a worker for stuck. */
const TIMEOUT_SLACK_SEC = 60;
/** How long a step waits for the host that has its process, before that counts as lost. */
const HOST_TIMEOUT = '1 minute';
/** Stands for "no timeout": Temporal wants one. Ten years. */
const NO_TIMEOUT_SEC = 10 * 365 * 24 * 3600;

const activities = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // The policy is for lost workers; a failed execution says itself when it is tried again, or that it is not.
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
});

/**
 * Runs a step as an activity and tells how it ended. Never throws for an end that a step can have.
 *
 * @param version the engine version of its run
 * @param shared what its task has in common with those of the other steps, and does not carry itself
 */
export async function runStep(
  step: Step,
  maxDuration: Timeout,
  task: StepTask,
  version: number,
  shared?: SharedEnv,
): Promise<StepReport> {
  const large = shared === undefined ? undefined : tooLarge(withoutShared(task, shared));
  if (large !== undefined) {
    return { status: 'failed', reason: 'input_invalid', message: `InputError: ${large}`, attempts: 0 };
  }
  let known = task;
  let lostHosts = 0;
  let forgeries = 0;
  for (;;) {
    const host = known.carried?.host;
    try {
      return await execute(step, maxDuration, known, host, shared);
    } catch (error) {
      const elsewhere = wrongHost(error);
      if (elsewhere !== undefined) known = { ...task, carried: elsewhere };
      else if (isForged(error) && forgeries < MAX_FORGERIES && task.action.type !== 'http') forgeries += 1;
      else if (host === undefined || !isUnserved(error)) return finish(error, known, step.queue, version);
      else {
        // A host that is gone has taken the step's process with it, as far as can be known.
        lostHosts += 1;
        if (task.run_once === true || lostHosts > task.max_lost) return hostLost(host, known);
        const { host: _, ...carried } = known.carried!;
        known = { ...task, carried };
      }
    }
  }
}

async function execute(
  step: Step,
  maxDuration: Timeout,
  task: StepTask,
  host: string | undefined,
  shared: SharedEnv | undefined,
): Promise<StepReport> {
  const queue = host === undefined ? step.queue : hostQueue(host);
  const {
    status,
    duration_sec: _,
    ...facts
  } = await activities.runStep.executeWithOptions(
    {
      activityId: `s:${task.step_id}`,
      summary: `${step.name}${task.step_id.slice(step.id.length)}`.slice(0, 200),
      startToCloseTimeout: Math.ceil(limitSec(step, maxDuration) * 1000),
      ...(host === undefined ? {} : { scheduleToStartTimeout: HOST_TIMEOUT }),
      ...(queue === undefined ? {} : { taskQueue: queue }),
    },
    [withoutShared(task, shared)],
  );
  return { status, ...facts };
}

/** The task as it travels. Without `shared` it has its whole environment. */
export function withoutShared(task: StepTask, shared: SharedEnv | undefined): StepTask | SharedTask {
  if (shared === undefined) return task;
  return { shared: shared.mark, task: { ...task, env: ownEnv(task.env, shared) } };
}

/** Where a step's process is, if the worker that got the step said that it is elsewhere. */
function wrongHost(error: unknown): StepTask['carried'] {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || cause.type !== 'WrongHost') return undefined;
  return cause.details?.[0] as StepTask['carried'];
}

/** Somebody else has answered: the folder of the process knows what is true. */
function isForged(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure && cause.type === FORGED;
}

function isUnserved(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}

function hostLost(host: string, { attempts_before = 0, carried, run_once }: StepTask): StepReport {
  return {
    status: 'failed',
    reason: 'wrong_host',
    message: `HostLostError: the step was started on ${host}, which no worker serves any more${run_once ? '; run_once forbids another start' : ''}`,
    attempts: attempts_before + (carried?.failures ?? 0) + 1,
  };
}

/** A canceled step whose end nobody has reported may still run: its worker was gone when it was canceled. */
async function finish(error: unknown, task: StepTask, queue: string | undefined, version: number): Promise<StepReport> {
  const report = reportOf(error);
  const canceled = CancellationScope.current().consideredCancelled;
  const unheard = canceled && report.log_dir === undefined && task.action.type !== 'http';
  if (unheard && (version > 1 || patched('reap'))) {
    await CancellationScope.nonCancellable(() => reap(task, queue));
  }
  return report;
}

/** How long a worker of a queue of its own may take to begin with that. One that is there takes milliseconds. */
const REAP_START_TIMEOUT = '5 seconds';

/**
 * Where this fails, the janitor of the step's host does it within a minute. So nobody waits for a queue that no worker
 * polls, where most likely nothing has ever begun.
 */
async function reap(
  { step_id, grace_sec, attempts_before, retry, carried }: StepTask,
  stepQueue: string | undefined,
): Promise<void> {
  const queue = carried?.host === undefined ? stepQueue : hostQueue(carried.host);
  const ended = activities.reapStep.executeWithOptions(
    {
      activityId: `i:reap:${step_id}:${(attempts_before ?? 0) + 1}`,
      summary: `Ends what ${step_id} has left running`.slice(0, 200),
      startToCloseTimeout: Math.ceil((grace_sec + TIMEOUT_SLACK_SEC) * 1000),
      scheduleToCloseTimeout: Math.ceil((grace_sec + TIMEOUT_SLACK_SEC) * 1000),
      ...(queue === undefined ? {} : { taskQueue: queue, scheduleToStartTimeout: REAP_START_TIMEOUT }),
    },
    [{ step_id, grace_sec, retries: retry.retries, ...(attempts_before === undefined ? {} : { attempts_before }) }],
  );
  await ended.catch(() => {});
}

function limitSec({ timeout_sec, grace_sec }: Step, maxDuration: Timeout): number {
  const limits = [timeout_sec, maxDuration].filter((limit) => limit !== 'none');
  return limits.length === 0 ? NO_TIMEOUT_SEC : Math.min(...limits) + grace_sec + TIMEOUT_SLACK_SEC;
}

function reportOf(error: unknown): StepReport {
  if (isCancellation(error)) return { status: 'canceled', attempts: 0, ...factsOf(error) };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && cause.type === 'StepFailed') {
    const { reason, ...facts } = detailsOf(cause);
    return { status: 'failed', attempts: 0, reason, message: cause.message, ...withoutDuration(facts) };
  }
  if (cause instanceof TimeoutFailure) {
    const { failed_attempts } = (cause.lastHeartbeatDetails ?? {}) as Partial<StepHeartbeat>;
    const message = `TimeoutFailure: ${cause.message}`;
    return { status: 'failed', attempts: 0, reason: 'lost', message, ...(failed_attempts && { failed_attempts }) };
  }
  if (isForged(error)) {
    return { status: 'failed', attempts: 1, reason: 'forged', message: (cause as Error).message };
  }
  const known = cause instanceof Error ? cause : new Error(String(cause));
  const name = known instanceof ApplicationFailure ? (known.type ?? known.name) : known.name;
  return { status: 'failed', attempts: 1, reason: 'internal_error', message: `${name}: ${known.message}` };
}

/** A canceled step hands over what it had: its tails and where its logs are. */
function factsOf(error: unknown): Partial<StepReport> {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const details = (cause as { details?: unknown[] } | undefined)?.details?.[0];
  return typeof details === 'object' && details !== null ? withoutDuration(details) : {};
}

function detailsOf(failure: ApplicationFailure): StepFailureDetails {
  const details = failure.details?.[0] as StepFailureDetails | undefined;
  return details ?? { reason: 'internal_error' };
}

function withoutDuration(facts: Partial<StepFailureDetails>): Omit<Partial<StepReport>, 'status'> {
  const { duration_sec: _, reason: __, ...rest } = facts;
  return rest;
}
