import { condition, defineQuery, defineSignal, patched, setHandler } from '@temporalio/workflow';
import {
  ACCOUNT_JOIN,
  ACCOUNT_PARK,
  ACCOUNT_VIEW,
  type AccountState,
  type QuotaHit,
} from '../../contract/account-messages.js';
import { namedBackoff, parkFor } from './account-waits.js';
import { defined } from '../../basics/defined.js';

/** A limit that is met so soon after a wait belongs to the one before. */
const IN_A_ROW_MS = 10 * 60_000;

/**
 * An account of a coding agent whose quota is used up: one workflow for all runs, there from the first limit that
 * somebody meets until a while after it. Steps ask when they may start.
 */
export async function agentAccount(): Promise<void> {
  const state: AccountState = { parked_until: 0, hits: 0, waiting: [] };
  const known = new Set<string>();
  setHandler(defineQuery<AccountState>(ACCOUNT_VIEW), () => state);
  setHandler(defineSignal<[QuotaHit]>(ACCOUNT_PARK), ({ key, reset_at, at }) => {
    if (known.has(key)) return;
    known.add(key);
    if (at >= state.parked_until) state.waiting = [];
    join(key);
    const hit = { at, ...defined({ reset_at }) };
    const named = namedBackoff(state, hit);
    // Accounts of before believe each named time, and must go on to do so when they are replayed.
    parkFor(state, hit, named !== undefined && patched('named-waits-double') ? named : 0);
  });
  setHandler(defineSignal<[string]>(ACCOUNT_JOIN), join);
  // It is started together with the signal.
  await condition(() => known.size > 0);
  for (;;) {
    const over = state.parked_until + IN_A_ROW_MS;
    const left = over - Date.now();
    if (left <= 0) return;
    const before = state.parked_until;
    await condition(() => state.parked_until !== before, left);
  }

  function join(key: string): void {
    if (!state.waiting.includes(key)) state.waiting.push(key);
  }
}
