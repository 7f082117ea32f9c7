import { expect, test } from 'vitest';
import type { LockRequest, LockState } from '../../../src/contract/lock-messages.js';
import { isIdle, release, request } from '../../../src/workflows/services/lock-queue.js';

const asked = (key: string): LockRequest => ({ key, run_id: key, temporal_run_id: key, settle_sec: 0 });
const shown = ({ holder, waiters }: LockState): unknown => [holder?.key, ...waiters.map(({ key }) => key)];

test('first come, first served', () => {
  const state: LockState = { waiters: [] };
  for (const key of ['a', 'b', 'c']) request(state, asked(key));
  expect(shown(state)).toEqual(['a', 'b', 'c']);
  release(state, 'a');
  expect(shown(state)).toEqual(['b', 'c']);
});

test('a request that comes twice queues once, for a holder and for a waiter', () => {
  const state: LockState = { waiters: [] };
  for (const key of ['a', 'b', 'a', 'b']) request(state, asked(key));
  expect(shown(state)).toEqual(['a', 'b']);
});

test('a waiter that takes its request back leaves the others in their order; a late release changes nothing', () => {
  const state: LockState = { waiters: [] };
  for (const key of ['a', 'b', 'c']) request(state, asked(key));
  release(state, 'b');
  release(state, 'nobody');
  expect(shown(state)).toEqual(['a', 'c']);
  release(state, 'a');
  release(state, 'c');
  expect([shown(state), isIdle(state)]).toEqual([[undefined], true]);
});
