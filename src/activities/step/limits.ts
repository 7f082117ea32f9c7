import type { Execution } from './execution.js';

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
