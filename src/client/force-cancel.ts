import { setTimeout as sleep } from 'node:timers/promises';
import { OrchError } from './errors.js';

/** Tries, and milliseconds between two. */
const TRIES = { most: 20, pauseMs: 100 };

/**
 * Adds `force` to a cancel that a run was sent just before. Where it hears of both in one workflow task, it hears of the
 * cancel last, and refuses: so it is asked again. That it has ended meanwhile is what was wanted.
 *
 * @param force sends the update @param isOpen whether the run has yet to end
 */
export async function forceCancel(force: () => Promise<unknown>, isOpen: () => Promise<boolean>): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await force();
      return;
    } catch (error) {
      const code = error instanceof OrchError ? error.code : undefined;
      if (code !== 'refused' && code !== 'run_closed') throw error;
      if (!(await isOpen())) return;
      if (tried >= TRIES.most) throw error;
      await sleep(TRIES.pauseMs);
    }
  }
}
