import { Context } from '@temporalio/activity';
import { carried } from './attempt-record.js';
import type { Execution } from '../dispatch/run-step.js';
import type { StepHeartbeat } from '../../contract/step-task.js';

/** Milliseconds between heartbeats. A cancellation reaches a step with the answer to one. */
const HEARTBEAT_MS = 1000;

/** What ends an execution that goes on for too long: its own timeout, or the limit of all attempts together. */
export interface Limit {
  ms: number;
  /** How the limit is named to people. */
  name: string;
}

/** The limit that comes first; undefined where there is none. */
export function limitOf({ task, firstStartedAt, startedAt }: Execution): Limit | undefined {
  const own: Limit | undefined =
    task.timeout_sec === 'none'
      ? undefined
      : { ms: task.timeout_sec * 1000, name: `timeout_sec of ${task.timeout_sec}` };
  if (task.max_duration_sec === 'none') return own;
  const left = task.max_duration_sec * 1000 - (startedAt - firstStartedAt);
  const all: Limit = { ms: Math.max(1, left), name: `max_step_duration_sec of ${task.max_duration_sec}` };
  return own === undefined || all.ms < own.ms ? all : own;
}

/** The same for a process that may have been running for a while: its own timeout counts from its start. Milliseconds. */
export function durableLimits({ task, firstStartedAt, startedAt }: Execution): {
  timeoutMs?: number;
  maxDurationMs?: number;
} {
  return {
    ...(task.timeout_sec === 'none' ? {} : { timeoutMs: task.timeout_sec * 1000 }),
    ...(task.max_duration_sec === 'none'
      ? {}
      : { maxDurationMs: Math.max(1, task.max_duration_sec * 1000 - (startedAt - firstStartedAt)) }),
  };
}

/** Tells Temporal every second that the execution lives, with what `progress` says of it. */
export async function withHeartbeat<T>(
  execution: Execution,
  progress: () => Omit<StepHeartbeat, keyof ReturnType<typeof carried>>,
  run: () => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const beat = (): void => context.heartbeat({ ...carried(execution), ...progress() } satisfies StepHeartbeat);
  const timer = setInterval(beat, HEARTBEAT_MS);
  try {
    return await run();
  } finally {
    clearInterval(timer);
  }
}
