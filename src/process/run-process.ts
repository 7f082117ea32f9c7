import { closeSync, openSync } from 'node:fs';
import { execa } from 'execa';
import { spawnError } from './spawn-error.js';
import { after } from '../host/timers.js';
import { stopGroup } from './stop-group.js';
import { defined } from '../basics/defined.js';

/** A subprocess to run. */
export interface ProcessSpec {
  file: string;
  args: readonly string[];
  /** Absolute. */
  cwd: string;
  /** The whole environment; nothing is inherited besides. */
  env: Readonly<Record<string, string>>;
  stdin?: string;
  /** Files that the streams are appended to, by the process itself: no byte passes through this one. */
  stdoutFile: string;
  stderrFile: string;
  /** Milliseconds; absent means no limit. */
  timeoutMs?: number;
  /** Milliseconds between TERM and KILL. */
  graceMs: number;
}

export interface ProcessEnd {
  /** Absent where a signal ended it. */
  exitCode?: number;
  signal?: string;
  /** Why it was stopped; absent where it ended by itself. */
  stopped?: 'timeout' | 'canceled';
}

/**
 * Runs a process in its own group to its end.
 *
 * On timeout and on abort of `signal` the whole group gets TERM, and KILL after the grace; the promise resolves when
 * the process has ended.
 *
 * @throws SpawnError when it could not be started.
 */
export async function runProcess(
  spec: ProcessSpec,
  options: { signal?: AbortSignal; onStart?: (pid: number) => void } = {},
): Promise<ProcessEnd> {
  const child = await launch(spec);
  let stopped: ProcessEnd['stopped'];
  let stopping: Promise<void> | undefined;
  const stop = (why: NonNullable<ProcessEnd['stopped']>): void => {
    stopped ??= why;
    stopping ??= stopGroup(child.pid, spec.graceMs, ended);
  };
  const ended = child.ended;
  options.onStart?.(child.pid);
  const timer = spec.timeoutMs === undefined ? undefined : after(spec.timeoutMs, () => stop('timeout'));
  const onAbort = (): void => stop('canceled');
  options.signal?.addEventListener('abort', onAbort);
  if (options.signal?.aborted) onAbort();
  try {
    const end = await ended;
    await stopping; // what is left of the group goes too, before anybody hears of the end
    return stopped === undefined ? end : { ...end, stopped };
  } finally {
    timer?.cancel();
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** execa passes any open descriptor on, but its types name the first few only. */
type InheritedFd = 3;

interface Child {
  pid: number;
  ended: Promise<ProcessEnd>;
}

async function launch(spec: ProcessSpec): Promise<Child> {
  const stdout = openSync(spec.stdoutFile, 'a', 0o600);
  const stderr = openSync(spec.stderrFile, 'a', 0o600);
  try {
    const subprocess = execa(spec.file, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      extendEnv: false,
      detached: true, // a group of its own, so that all of it can be stopped
      cleanup: false,
      buffer: false,
      reject: false,
      stdin: spec.stdin === undefined ? 'ignore' : 'pipe',
      stdout: stdout as InheritedFd,
      stderr: stderr as InheritedFd,
      ...defined({ input: spec.stdin }),
    });
    const { pid } = subprocess;
    if (pid === undefined) throw await spawnError(await subprocess, spec);
    return { pid, ended: endOf(subprocess) };
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
}

/** Resolves at the exit of the process; descendants that keep its streams open do not delay it: they are files. */
async function endOf(subprocess: PromiseLike<{ exitCode?: number; signal?: string }>): Promise<ProcessEnd> {
  const { exitCode, signal } = await subprocess;
  return signal === undefined ? { exitCode: exitCode ?? 0 } : { signal };
}
