import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import type { SyncReport, SyncTask, TurnSuccess, TurnTask } from '../../contract/loop-turn.js';
import type { TurnFacts } from '../../contract/agent-turn.js';
import type { StepFailureDetails } from '../../contract/step-task.js';
import { hostQueue } from '../../contract/names.js';

/** A turn that beats no more is taken for lost after this long. */
const HEARTBEAT_TIMEOUT = '10 seconds';
/** What Temporal waits beyond the turn's own timeout, before it takes a worker for stuck. */
const TIMEOUT_SLACK_SEC = 90;
/** How long a turn waits for the host that has its process, before that counts as lost. */
const HOST_TIMEOUT = '1 minute';
/** Stands for "no timeout": Temporal wants one. Ten years. */
const NO_TIMEOUT_SEC = 10 * 365 * 24 * 3600;

const activities = proxyActivities<Activities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // For lost workers only: what really failed is never tried again.
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
});

/** How an activity of a loop ended that did not go well. */
export interface PieceFailure {
  reason: string;
  message: string;
  exit_code?: number;
  log_dir?: string;
  turn?: TurnFacts;
}

export type Piece<T> =
  | { status: 'done'; result: T }
  | { status: 'failed'; failure: PieceFailure }
  | { status: 'canceled' };

/** Runs a turn as an activity, on the host that has its process where there are several. */
export async function runTurn(task: TurnTask, queue: string | undefined): Promise<Piece<TurnSuccess>> {
  let known = task;
  for (;;) {
    const host = known.carried?.host;
    const taskQueue = host === undefined ? queue : hostQueue(host);
    const limit = task.timeout_sec === 'none' ? NO_TIMEOUT_SEC : task.timeout_sec + TIMEOUT_SLACK_SEC;
    const options = {
      activityId: `s:${task.step_id}`,
      summary: task.title.slice(0, 200),
      startToCloseTimeout: Math.ceil(limit * 1000),
      ...(host === undefined ? {} : { scheduleToStartTimeout: HOST_TIMEOUT }),
      ...(taskQueue === undefined ? {} : { taskQueue }),
    };
    try {
      return { status: 'done', result: await activities.runTurn.executeWithOptions(options, [known]) };
    } catch (error) {
      const cause = error instanceof ActivityFailure ? error.cause : error;
      if (cause instanceof ApplicationFailure && cause.type === 'WrongHost') {
        known = { ...task, carried: cause.details?.[0] as NonNullable<TurnTask['carried']> };
        continue;
      }
      if (host !== undefined && cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START') {
        const message = `the turn was started on ${host}, which no worker serves any more`;
        return { status: 'failed', failure: { reason: 'lost', message } };
      }
      return ended(error, () => reap(known, taskQueue));
    }
  }
}

/** Synchronises with the shared repository. */
export async function syncRepository(task: SyncTask, queue: string | undefined): Promise<Piece<SyncReport>> {
  const options = {
    activityId: `i:git:${task.step_id}:${task.when}`,
    summary: (task.when === 'before' ? 'Pulls what others did' : `Publishes ${task.step_id}`).slice(0, 200),
    ...(queue === undefined ? {} : { taskQueue: queue }),
  };
  try {
    return { status: 'done', result: await activities.syncRepository.executeWithOptions(options, [task]) };
  } catch (error) {
    return ended(error);
  }
}

async function ended(error: unknown, reapIt?: () => Promise<void>): Promise<Piece<never>> {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (isCancellation(error) || CancellationScope.current().consideredCancelled) {
    const details = (cause as { details?: unknown[] } | undefined)?.details?.[0];
    // Without an account of its end nobody was attached to its process: that may still run.
    if (details === undefined) await CancellationScope.nonCancellable(async () => reapIt?.());
    return { status: 'canceled' };
  }
  return { status: 'failed', failure: failureOf(cause) };
}

function failureOf(cause: unknown): PieceFailure {
  if (cause instanceof ApplicationFailure && cause.type === 'StepFailed') {
    const details = (cause.details?.[0] ?? {}) as Partial<StepFailureDetails>;
    const { exit_code, log_dir, turn } = details;
    return {
      reason: details.reason ?? 'internal_error',
      message: cause.message,
      ...(exit_code === undefined ? {} : { exit_code }),
      ...(log_dir === undefined ? {} : { log_dir }),
      ...(turn === undefined ? {} : { turn }),
    };
  }
  if (cause instanceof TimeoutFailure) return { reason: 'lost', message: `TimeoutFailure: ${cause.message}` };
  const known = cause instanceof Error ? cause : new Error(String(cause));
  return { reason: 'internal_error', message: `${known.name}: ${known.message}` };
}

/** Where this fails, the janitor of the host does it within a minute. */
async function reap({ step_id, attempts_before }: TurnTask, taskQueue: string | undefined): Promise<void> {
  const options = {
    activityId: `i:reap:${step_id}:${attempts_before + 1}`,
    summary: `Ends what ${step_id} left running`,
    scheduleToCloseTimeout: '70 seconds',
    ...(taskQueue === undefined ? {} : { taskQueue }),
  };
  const task = { step_id, grace_sec: 10, retries: 0, attempts_before };
  await activities.reapStep.executeWithOptions(options, [task]).catch(() => {});
}
