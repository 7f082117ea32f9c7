import { describe, expect, test } from 'vitest';
import type { AccountState } from '../../../src/contract/account-messages.js';
import { namedBackoff, parkFor } from '../../../src/workflows/services/account-waits.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Meets the limit again and again, each time as soon as it may. @returns the waits */
function waitsOf(resetIn: (hit: number) => number | undefined, hits: number, pause = SECOND): number[] {
  const state: AccountState = { parked_until: 0, hits: 0, waiting: [] };
  let at = 1_000_000;
  return Array.from({ length: hits }, (_, index) => {
    const said = resetIn(index);
    const hit = { at, ...(said === undefined ? {} : { reset_at: at + said }) };
    parkFor(state, hit, namedBackoff(state, hit) ?? 0);
    const wait = state.parked_until - at;
    at = state.parked_until + pause;
    return wait;
  });
}

describe('how long an account waits for its quota', () => {
  test('a short time that is named is doubled where the limit is met again right after it, up to 15 minutes', () => {
    const waits = waitsOf(() => SECOND, 12);
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900].map((seconds) => seconds * SECOND));
    // An hour of it costs a handful of turns.
    expect(waits.slice(0, 11).reduce((sum, wait) => sum + wait)).toBeGreaterThan(30 * MINUTE);
  });

  test('a time that is named and longer than that counts as it is', () => {
    expect(waitsOf((hit) => (hit === 0 ? SECOND : 4 * 60 * MINUTE), 3)).toEqual([
      SECOND,
      4 * 60 * MINUTE,
      4 * 60 * MINUTE,
    ]);
  });

  test('without a time it doubles from a minute on', () => {
    expect(waitsOf(() => undefined, 6)).toEqual([1, 2, 4, 8, 15, 15].map((minutes) => minutes * MINUTE));
  });

  test('those who meet the limit together, before the wait, double nothing', () => {
    const state: AccountState = { parked_until: 0, hits: 0, waiting: [] };
    for (let at = 1_000_000; at < 1_000_010; at += 1) {
      const hit = { at, reset_at: 1_004_000 };
      parkFor(state, hit, namedBackoff(state, hit) ?? 0);
    }
    expect(state.parked_until).toBe(1_004_000);
  });
});
