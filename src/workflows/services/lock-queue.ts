import type { LockRequest, LockState } from '../../contract/lock-messages.js';

/** Queues a request, or grants it where nobody holds the lock. A key that is known already changes nothing. */
export function request(state: LockState, asked: LockRequest): void {
  if (state.holder?.key === asked.key || state.waiters.some((waiter) => waiter.key === asked.key)) return;
  if (state.holder === undefined) state.holder = asked;
  else state.waiters.push(asked);
}

/** Takes a holder or a waiter out; the lock goes to the one who has waited longest. */
export function release(state: LockState, key: string): void {
  state.waiters = state.waiters.filter((waiter) => waiter.key !== key);
  if (state.holder?.key !== key) return;
  const next = state.waiters.shift();
  if (next === undefined) delete state.holder;
  else state.holder = next;
}

/** True when nobody holds the lock; then nobody waits either. */
export function isIdle(state: LockState): boolean {
  return state.holder === undefined;
}
