import { SpawnError } from '../spawn-error.js';
import { attach, readLost } from './attachment.js';
import { generationOf, makeDir } from './files.js';
import { inspectTry } from './inspect.js';
import type { StopReason } from './types.js';

/**
 * Ends what a try has left behind: a running generation is stopped, and none begins any more. After this a call of
 * {@link runDurable} with the folder starts nothing. A command that has ended is left as it is, with what it left
 * running. It may be called at any time, by several at once, and again.
 *
 * @returns whether something was running.
 */
export async function reap(tryDir: string, reason: StopReason, { graceMs }: { graceMs: number }): Promise<boolean> {
  const { status } = inspectTry(tryDir);
  if (status === 'exited' || status === 'closed') return false; // that is final, and there are many of them
  const wasRunning = status === 'running';
  const controls = { cancel: AbortSignal.abort() };
  for (let index = 0; ; index += 1) {
    const generation = generationOf(tryDir, index);
    if (readLost(generation) !== undefined) continue;
    makeDir(generation.dir);
    const end = await attach(generation, { graceMs, controls, cancelReason: reason }).catch(asNeverStarted);
    if (end === undefined || end.kind !== 'lost') return wasRunning;
  }
}

function asNeverStarted(error: unknown): undefined {
  if (!(error instanceof SpawnError)) throw error;
}
