import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import type { TurnFacts } from '../../contract/agent-turn.js';
import type { SyncReport, SyncTask, TurnSuccess, TurnTask } from '../../contract/loop-turn.js';
import type { StepFailureDetails } from '../../contract/step-task.js';
import { hostActivities, limitMs, onHost, reap } from '../steps/on-host.js';
import { temporal } from '../temporal/temporal.js';
import { defined } from '../../basics/defined.js';

/** What Temporal waits beyond the turn's own timeout, before it takes a worker for stuck. */
const TIMEOUT_SLACK_SEC = 90;
/** A turn that was stopped has as long to end. */
const GRACE_SEC = 10;

const activities = hostActivities(temporal, '10 minutes');

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
export function runTurn(task: TurnTask, queue: string | undefined): Promise<Piece<TurnSuccess>> {
  return onHost<TurnTask, TurnSuccess, Piece<TurnSuccess>>(task, {
    queue,
    attempt: (known, place) =>
      activities.runTurn.executeWithOptions(
        {
          activityId: `s:${task.step_id}`,
          summary: task.title.slice(0, 200),
          startToCloseTimeout: limitMs([task.timeout_sec], TIMEOUT_SLACK_SEC),
          ...place,
        },
        [known],
      ),
    done: (result) => ({ status: 'done', result }),
    hostGone(host) {
      const message = `the turn was started on ${host}, which no worker serves any more`;
      return { status: 'failed', failure: { reason: 'lost', message } };
    },
    failed: (error, known) => ended(error, () => reapTurn(known, queue)),
  });
}

/** Synchronises with the shared repository. */
export async function syncRepository(task: SyncTask, queue: string | undefined): Promise<Piece<SyncReport>> {
  const options = {
    activityId: `i:git:${task.step_id}:${task.when}`,
    summary: (task.when === 'before' ? 'Pulls what others did' : `Publishes ${task.step_id}`).slice(0, 200),
    ...defined({ taskQueue: queue }),
  };
  try {
    return { status: 'done', result: await activities.syncRepository.executeWithOptions(options, [task]) };
  } catch (error) {
    return ended(error);
  }
}

async function ended(error: unknown, reapIt?: () => Promise<void>): Promise<Piece<never>> {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (isCancellation(error) || temporal.currentScope().consideredCancelled) {
    const details = (cause as { details?: unknown[] } | undefined)?.details?.[0];
    // Without an account of its end nobody was attached to its process: that may still run.
    if (details === undefined) await temporal.shielded(async () => reapIt?.());
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
      ...defined({ exit_code, log_dir, turn }),
    };
  }
  if (cause instanceof TimeoutFailure) return { reason: 'lost', message: `TimeoutFailure: ${cause.message}` };
  const known = cause instanceof Error ? cause : new Error(String(cause));
  return { reason: 'internal_error', message: `${known.name}: ${known.message}` };
}

function reapTurn({ step_id, attempts_before, carried }: TurnTask, queue: string | undefined): Promise<void> {
  const task = { step_id, grace_sec: GRACE_SEC, retries: 0, attempts_before, ...defined({ carried }) };
  return reap(activities, task, queue, { scheduleToCloseTimeout: '70 seconds' });
}
