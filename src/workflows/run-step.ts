import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { StepFailureDetails, StepHeartbeat, StepTask } from '../activities/types.js';
import type { StepReport } from '../engine/index.js';
import type { Step, Timeout } from '../plan/types.js';

/** A step that beats no more is taken for lost after this long. */
const HEARTBEAT_TIMEOUT = '10 seconds';
/** What Temporal waits beyond the step's own timeout and grace, before it takes a worker for stuck. */
const TIMEOUT_SLACK_SEC = 60;
/** Stands for "no timeout": Temporal wants one. Ten years. */
const NO_TIMEOUT_SEC = 10 * 365 * 24 * 3600;

const activities = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // The policy is for lost workers; a failed execution says itself when it is tried again, or that it is not.
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
});

/** Runs a step as an activity and tells how it ended. Never throws for an end that a step can have. */
export async function runStep(step: Step, maxDuration: Timeout, task: StepTask): Promise<StepReport> {
  try {
    const {
      status,
      duration_sec: _,
      ...facts
    } = await activities.runStep.executeWithOptions(
      {
        activityId: `s:${task.step_id}`,
        summary: `${step.name}${task.step_id.slice(step.id.length)}`.slice(0, 200),
        startToCloseTimeout: Math.ceil(limitSec(step, maxDuration) * 1000),
        ...(step.queue === undefined ? {} : { taskQueue: step.queue }),
      },
      [task],
    );
    return { status, ...facts };
  } catch (error) {
    return reportOf(error);
  }
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
