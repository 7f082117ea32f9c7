import { baseDirOf, type LoopDeps } from './run-turn.js';
import { aheadOf, exportState } from './state-export.js';
import type { StateNote } from '../../contract/loop-turn.js';

/** Makes the activity that writes into a loop's state file that the loop has failed, whatever it was at. */
export function createNoteLoopState(deps: Pick<LoopDeps, 'loopRoot'>): (note: StateNote) => Promise<void> {
  return async (note) => {
    const baseDir = baseDirOf(deps, note);
    if (aheadOf(baseDir, note.state) === undefined) await exportState(baseDir, note.state, note.state.failed);
  };
}
