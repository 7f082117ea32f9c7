import type { AccountState, QuotaHit } from '../../contract/account-messages.js';

/** The wait after a limit that says no time; it doubles with each further one in a row. */
const FIRST_BACKOFF_MS = 60_000;
/** The longest wait that doubling makes. */
const LONGEST_BACKOFF_MS = 15 * 60_000;
/** The most that an agent's word is taken for; beyond it, it is asked again. */
const LONGEST_PARK_MS = 8 * 24 * 3600_000;

type Hit = Pick<QuotaHit, 'at' | 'reset_at'>;

/**
 * The least that an account waits although a time is named: twice as long as before, where the limit is met again after
 * a wait for such a time. "Try again in 1s" would be believed for ever.
 *
 * @returns undefined where the named time counts as it is
 */
export function namedBackoff({ parked_until, last_wait }: AccountState, hit: Hit): number | undefined {
  const said = saidIn(hit);
  if (said === undefined || last_wait === undefined || hit.at < parked_until) return undefined;
  const least = Math.min(last_wait * 2, LONGEST_BACKOFF_MS);
  return said - hit.at < least ? least : undefined;
}

/**
 * Lets an account wait after its limit was met.
 *
 * @param least the shortest wait, milliseconds
 */
export function parkFor(state: AccountState, hit: Hit, least: number): void {
  const { at } = hit;
  const said = saidIn(hit);
  // Whoever started before the limit was known meets it too; that says nothing new.
  if (at < state.parked_until && said === undefined) return;
  state.hits += 1;
  const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(state.hits - 1, 10), LONGEST_BACKOFF_MS);
  const until = Math.min(said === undefined ? at + backoff : Math.max(said, at + least), at + LONGEST_PARK_MS);
  if (until <= state.parked_until) return;
  state.last_wait = until - at;
  state.parked_until = until;
}

/** A time that is over by now says nothing: who believed it would ask again and again. */
function saidIn({ at, reset_at }: Hit): number | undefined {
  return reset_at !== undefined && reset_at > at ? reset_at : undefined;
}
