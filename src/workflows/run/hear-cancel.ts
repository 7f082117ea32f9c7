import { isUnsigned } from '../../contract/seal.js';
import { CANCEL_SENDER, FORCE_CANCEL } from '../../contract/run-messages.js';
import type { EngineEvent, RunState } from '../../engine/index.js';
import type { Signals } from '../record/signals.js';

/** Milliseconds for which a name holds: a cancel that comes later is somebody else's. */
const SENDER_MS = 60_000;
/** Characters of a name. */
const SENDER_CHARS = 200;

/**
 * Listens for what comes with a cancel: who sends it, which is told before it, and that it is forced, as a run above
 * says before it or after it.
 *
 * @returns what to call when the cancel itself comes
 */
export function hearCancel(signals: Signals, state: () => RunState, apply: (event: EngineEvent) => void): () => void {
  let forced = false;
  let sender: { by: string; at: number } | undefined;
  const take = (): void => {
    const at = Date.now();
    const by = sender !== undefined && at - sender.at <= SENDER_MS ? { by: sender.by } : {};
    apply({ type: 'run-cancel-requested', ...(forced ? { force: true } : {}), ...by, at });
  };
  const hearForce = (): void => {
    forced = true;
    if (state().stop === 'run_canceled') take();
  };
  signals.on(FORCE_CANCEL, hearForce, 'Sent by the parent run when its cancellation is forced');
  const hearSender = (given?: unknown): void => {
    if (isUnsigned(given)) return; // whoever cannot sign has no name
    const by = (given as { by?: unknown } | null | undefined)?.by;
    if (typeof by === 'string' && by !== '') sender = { by: by.slice(0, SENDER_CHARS), at: Date.now() };
  };
  signals.on(CANCEL_SENDER, hearSender, 'Says who is about to cancel the run: {"by": "<who>"}');
  return take;
}
