import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { withoutStack } from '../basics/without-stack.js';
import type { ScheduleActivities } from '../contract/activities.js';
import type { ScheduledEnd, ScheduledRun, ScheduledStarts } from '../contract/schedule-messages.js';
import { LateAnswer } from './late-answer.js';
import { executionOf } from './step/execution-info.js';

/** Milliseconds between two waits for a run, where the service ends them: the first, and the most. */
const LOOK_MS = { first: 250, most: 5_000 };

/** Makes the activities about schedules. */
export function createScheduleActivities(starts: ScheduledStarts | undefined): ScheduleActivities {
  return {
    startScheduled: () => orWhyNot(async () => serving(starts).start(executionOf(Context.current()))),
    // A run may take days, and there may be many: none of them is to keep a step from its place in the worker.
    awaitScheduled: (run) => Promise.reject(new LateAnswer((signal) => endOf(serving(starts), run, signal))),
    cancelScheduled: (run) => serving(starts).cancel(run, executionOf(Context.current()).workflowId),
  };
}

async function endOf(starts: ScheduledStarts, run: ScheduledRun, signal: AbortSignal): Promise<ScheduledEnd> {
  for (let pause = LOOK_MS.first; ; pause = Math.min(LOOK_MS.most, pause * 2)) {
    const end = await starts.endOf(run, signal);
    if (end !== undefined) return end;
    await sleep(pause, undefined, { signal }).catch(() => {});
    if (signal.aborted) throw signal.reason;
  }
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
