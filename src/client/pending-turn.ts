import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { LoopView } from '../contract/loop-messages.js';
import { plain } from '../contract/seal.js';
import { SCHEDULED } from '../temporal/pending-states.js';
import type { LoopDescription } from './loop-types.js';

/** A turn that nobody has taken for so long waits for a worker. */
const UNTAKEN_MS = 1_500;

/**
 * What the service knows of the turn that is pending: whether anybody has taken it, and its last words.
 *
 * @param at where the loop is
 */
export async function pendingTurn(
  client: Client,
  { raw }: WorkflowExecutionDescription,
  at: { queue: string } & Partial<Pick<LoopView, 'mode' | 'role'>>,
): Promise<Pick<LoopDescription, 'waits_for_worker' | 'last_words'>> {
  const turn = (raw.pendingActivities ?? []).find(({ activityId }) => /^(?:s|i:git):/.test(activityId ?? ''));
  if (turn === undefined) return {};
  const since = Number(turn.scheduledTime?.seconds ?? 0) * 1000;
  if (Number(turn.state) === SCHEDULED && Date.now() - since > UNTAKEN_MS) {
    return { waits_for_worker: { queue: at.queue, ...(at.mode === 'role' && at.role ? { role: at.role } : {}) } };
  }
  const { loadedDataConverter } = client.options;
  const [details] = await decodeArrayFromPayloads(loadedDataConverter, turn.heartbeatDetails?.payloads);
  const words = (plain(details) as { last_line?: unknown } | undefined)?.last_line; // a heartbeat carries no seal
  return typeof words === 'string' ? { last_words: words } : {};
}
