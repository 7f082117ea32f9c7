import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  TimeoutFailure,
  type ActivityInterfaceFor,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { Activities, ReapTask } from '../../contract/activities.js';
import { hostQueue } from '../../contract/names.js';
import type { StepTask } from '../../contract/step-task.js';
import type { Timeout } from '../../plan/model/values.js';
import type { Temporal } from '../temporal/temporal.js';
import { defined } from '../../basics/defined.js';

/** What beats no more is taken for lost after this long. */
const HEARTBEAT_TIMEOUT = '10 seconds';
/** How long a task waits for the host that has its process, before that counts as lost. */
const HOST_TIMEOUT = '1 minute';
/** Stands for "no timeout": Temporal wants one. Ten years. */
const NO_TIMEOUT_SEC = 10 * 365 * 24 * 3600;

/** What is known of a task that was sent on to the host where its process is. */
type Carried = NonNullable<StepTask['carried']>;

/** A task with a process, which is on one host from then on. */
interface HostTask {
  step_id: string;
  carried?: Carried;
}

/** Where a task is asked for: its own queue, or that of the host that has its process. */
export type Place = Pick<ActivityOptions, 'taskQueue' | 'scheduleToStartTimeout'>;

/** How one kind of task is carried out. */
export interface Carrying<Task extends HostTask, Result, End> {
  /** The queue of the task as long as no host has its process. */
  queue: string | undefined;
  attempt(task: Task, place: Place): Promise<Result>;
  done(result: Result): End;
  /** The host is gone, and with it the process, as far as can be known. @returns the end, or undefined to start anew */
  hostGone(host: string, task: Task): End | undefined;
  /** Whether an answer that somebody else has given is asked for once more. */
  asksAgain?(error: unknown): boolean;
  /** An end that is none of the host's. */
  failed(error: unknown, task: Task): Promise<End>;
}

/** The activities of tasks with processes: each failed execution says itself when it is tried again, or that it is not. */
export function hostActivities(
  temporal: Temporal,
  startToCloseTimeout: '1 minute' | '10 minutes',
): ActivityInterfaceFor<Activities> {
  return temporal.activities<Activities>({
    startToCloseTimeout,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // The policy is for lost workers.
    retry: { initialInterval: '1 second', backoffCoefficient: 1 },
  });
}

/** Carries a task out on the host that has its process, wherever that turns out to be. */
export async function onHost<Task extends HostTask, Result, End>(
  task: Task,
  carrying: Carrying<Task, Result, End>,
): Promise<End> {
  let known = task;
  for (;;) {
    const host = known.carried?.host;
    try {
      return carrying.done(await carrying.attempt(known, placeOf(known, carrying.queue)));
    } catch (error) {
      const elsewhere = wrongHost(error);
      if (elsewhere !== undefined) known = { ...task, carried: elsewhere };
      else if (carrying.asksAgain?.(error) === true) continue;
      else if (host === undefined || !isUnserved(error)) return carrying.failed(error, known);
      else {
        const end = carrying.hostGone(host, known);
        if (end !== undefined) return end;
        const { host: _, ...carried } = known.carried!;
        known = { ...task, carried };
      }
    }
  }
}

/** How long a worker of a queue of its own may take to begin with that. One that is there takes milliseconds. */
const REAP_START_TIMEOUT = '5 seconds';

/**
 * Ends what a task has left running. Where this fails, the janitor of its host does it within a minute. So nobody waits for
 * a queue that no worker polls, where most likely nothing has ever begun.
 */
export async function reap(
  activities: ActivityInterfaceFor<Activities>,
  task: ReapTask & Pick<HostTask, 'carried'>,
  queue: string | undefined,
  options: ActivityOptions,
): Promise<void> {
  const { carried, ...what } = task;
  const elsewhere = queueOf(carried?.host, queue);
  const ended = activities.reapStep.executeWithOptions(
    {
      activityId: `i:reap:${task.step_id}:${(task.attempts_before ?? 0) + 1}`,
      summary: `Ends what ${task.step_id} has left running`.slice(0, 200),
      ...options,
      ...elsewhere,
      ...(elsewhere.taskQueue !== undefined && { scheduleToStartTimeout: REAP_START_TIMEOUT }),
    },
    [what],
  );
  await ended.catch(() => {});
}

/** The time after which Temporal takes a worker for stuck. */
export function limitMs(limits: readonly Timeout[], slackSec: number): number {
  const known = limits.filter((limit) => limit !== 'none');
  return Math.ceil((known.length === 0 ? NO_TIMEOUT_SEC : Math.min(...known) + slackSec) * 1000);
}

function placeOf({ carried }: HostTask, queue: string | undefined): Place {
  const host = carried?.host;
  return { ...(host === undefined ? {} : { scheduleToStartTimeout: HOST_TIMEOUT }), ...queueOf(host, queue) };
}

function queueOf(host: string | undefined, queue: string | undefined): { taskQueue?: string } {
  const taskQueue = host === undefined ? queue : hostQueue(host);
  return defined({ taskQueue });
}

/** Where a task's process is, if the worker that got the task said that it is elsewhere. */
function wrongHost(error: unknown): Carried | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || cause.type !== 'WrongHost') return undefined;
  return cause.details?.[0] as Carried;
}

function isUnserved(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';
}
