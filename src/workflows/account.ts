import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';
import { ACCOUNT_JOIN, ACCOUNT_PARK, ACCOUNT_VIEW, type AccountState, type QuotaHit } from './account-messages.js';

/** The wait after a limit that says no time; it doubles with each further one in a row. */
const FIRST_BACKOFF_MS = 60_000;
const LONGEST_BACKOFF_MS = 15 * 60_000;
/** A limit that is met so soon after a wait belongs to the one before. */
const IN_A_ROW_MS = 10 * 60_000;
/** The most that an agent's word is taken for; beyond it, it is asked again. */
const LONGEST_PARK_MS = 8 * 24 * 3600_000;

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
    // A time that is over by now says nothing: who believed it would ask again and again.
    const said = reset_at !== undefined && reset_at > at ? reset_at : undefined;
    // Whoever started before the limit was known meets it too; that says nothing new.
    if (at < state.parked_until && said === undefined) return;
    state.hits += 1;
    const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(state.hits - 1, 10), LONGEST_BACKOFF_MS);
    const until = Math.min(said ?? at + backoff, at + LONGEST_PARK_MS);
    state.parked_until = Math.max(state.parked_until, until);
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
