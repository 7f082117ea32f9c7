import { Context } from '@temporalio/activity';
import type { StepHeartbeat } from '../../contract/step-task.js';
import { carried } from './attempt-record.js';
import type { Execution } from './execution.js';

/** Milliseconds between heartbeats. A cancellation reaches a step with the answer to one. */
const HEARTBEAT_MS = 1000;
/** The first comes early: until it has said that its process runs, no run goes on in a new history. Short steps need none. */
const FIRST_MS = 100;

/** Tells Temporal every second that the execution lives, with what `progress` says of it. */
export async function withHeartbeat<T>(
  execution: Execution,
  progress: () => Omit<StepHeartbeat, keyof ReturnType<typeof carried>>,
  run: () => Promise<T>,
): Promise<T> {
  return beating(run, () => ({ ...carried(execution), ...progress() }) satisfies StepHeartbeat);
}

/** Tells Temporal every second that an activity lives, with what `details` gives, if anything. */
export async function beating<T>(run: () => Promise<T>, details?: () => unknown): Promise<T> {
  const context = Context.current();
  const beat = (): void => context.heartbeat(details?.());
  const first = setTimeout(beat, FIRST_MS);
  const timer = setInterval(beat, HEARTBEAT_MS);
  try {
    return await run();
  } finally {
    clearTimeout(first);
    clearInterval(timer);
  }
}
