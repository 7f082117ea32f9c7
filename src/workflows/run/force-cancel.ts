import type { EngineEvent, RunState } from '../../engine/index.js';
import { FORCE_CANCEL } from '../../contract/run-messages.js';
import type { Signals } from '../record/signals.js';

/**
 * Listens for a forced cancel of the run above, which may come before the cancel or after it.
 *
 * @returns what to call when the cancel itself comes
 */
export function hearForce(signals: Signals, state: () => RunState, apply: (event: EngineEvent) => void): () => void {
  let forced = false;
  const take = (): void => apply({ type: 'run-cancel-requested', ...(forced ? { force: true } : {}), at: Date.now() });
  const hear = (): void => {
    forced = true;
    if (state().stop === 'run_canceled') take();
  };
  signals.on(FORCE_CANCEL, hear, 'Sent by the parent run when its cancellation is forced');
  return take;
}
