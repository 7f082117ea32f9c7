import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { withoutStack } from '../basics/without-stack.js';
import type { ScheduleActivities } from '../contract/activities.js';
import type { ScheduledStarts } from '../contract/schedule-messages.js';
import { executionOf } from './step/execution-info.js';
import { beating } from './step/heartbeat.js';

/** Milliseconds between two waits for a run, where the service ends them: the first, and the most. */
const LOOK_MS = { first: 250, most: 5_000 };

/** Makes the activities about schedules. */
export function createScheduleActivities(starts: ScheduledStarts | undefined): ScheduleActivities {
  return {
    startScheduled: () => orWhyNot(async () => serving(starts).start(executionOf(Context.current()))),
    awaitScheduled: (run) =>
      beating(async () => {
        const { cancellationSignal: signal } = Context.current();
        for (let pause = LOOK_MS.first; ; pause = Math.min(LOOK_MS.most, pause * 2)) {
          const end = await serving(starts).endOf(run, signal);
          if (end !== undefined) return end;
          await sleep(pause, undefined, { signal }).catch(() => {});
          if (signal.aborted) throw stoppedWaiting();
        }
      }),
    cancelScheduled: (run) => serving(starts).cancel(run, executionOf(Context.current()).workflowId),
  };
}

function serving(starts: ScheduledStarts | undefined): ScheduledStarts {
  if (starts !== undefined) return starts;
  throw ApplicationFailure.retryable('This worker starts no runs of schedules', 'NoSchedules');
}

/** What can be said of it ends the attempt for good: another one would find the same. An outage passes. */
async function orWhyNot<T>(start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof Error && error.name === 'OrchError' && 'code' in error)) throw error;
    const { message, code } = error;
    if (code === 'service_unreachable' || code === 'no_worker') throw ApplicationFailure.retryable(message, code);
    throw withoutStack(
      ApplicationFailure.create({ type: 'NotStarted', nonRetryable: true, message, details: [{ code }] }),
    );
  }
}

/** On request it is canceled; where only the worker goes, another one waits on. */
function stoppedWaiting(): Error {
  if (Context.current().cancellationDetails?.cancelRequested) return new CancelledFailure('The wait was stopped');
  return ApplicationFailure.retryable('The worker stopped while it waited for a run', 'WorkerStopped');
}
