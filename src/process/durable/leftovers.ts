import { setTimeout as sleep } from 'node:timers/promises';
import { generationOf } from './files.js';
import { findMarked, killMarked, markOf, signal } from './marked.js';

const LOOK_MS = 100;

/** How what was left behind is ended. */
export interface LeftoverLimits {
  /** Milliseconds that it may go on by itself. */
  graceMs: number;
  /** Milliseconds between TERM and KILL. */
  killMs: number;
  /** Nobody has time any more: what is still there is killed at once. */
  hurry?: AbortSignal;
  /** Leaves it to whoever comes next. */
  detach?: AbortSignal;
}

/**
 * Ends what a command has left running when it ended by itself: first it may end, then it is told to, then it is killed.
 *
 * @returns false where it was left to whoever comes next
 */
export async function endLeftovers(tryDir: string, generation: number, limits: LeftoverLimits): Promise<boolean> {
  if (process.platform === 'win32') return true;
  const mark = markOf(generationOf(tryDir, generation));
  const { graceMs, killMs, hurry, detach } = limits;
  const wait = async (ms: number): Promise<'gone' | 'there' | 'detached'> => {
    const until = performance.now() + ms;
    for (;;) {
      if (findMarked(mark).length === 0) return 'gone';
      if (detach?.aborted === true && hurry?.aborted !== true) return 'detached';
      if (hurry?.aborted === true || performance.now() >= until) return 'there';
      await sleep(LOOK_MS);
    }
  };
  for (const [ms, name] of [
    [graceMs, 'SIGTERM'],
    [killMs, 'SIGKILL'],
  ] as const) {
    const left = await wait(ms);
    if (left !== 'there') return left === 'gone';
    if (name === 'SIGTERM') for (const { pid } of findMarked(mark)) signal(pid, name);
  }
  await killMarked(mark);
  return true;
}
