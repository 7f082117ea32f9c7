import type { AccountQuestion, AccountAnswer } from '../../contract/activities.js';
import type { AccountGateway } from '../../temporal/account-gateway.js';
import { startOf } from '../../contract/account-messages.js';

/** Makes the activity by which steps of all runs wait together for the quota of an account. */
export function createAskAccount(gateway: AccountGateway): (question: AccountQuestion) => Promise<AccountAnswer> {
  return async ({ account, key, hit }) => {
    if (hit !== undefined) {
      const reset = hit.reset_at === null ? {} : { reset_at: hit.reset_at };
      await gateway.park(account, { key: hit.key, at: Date.now(), ...reset });
      await gateway.join(account, key);
    }
    let state = await gateway.view(account);
    if (state === undefined) return { start_at: 0 };
    // It is over, and whoever waited in line has had a turn, or has one of its own.
    if (Date.now() >= startOf(state, key)) return { start_at: 0 };
    if (!state.waiting.includes(key)) {
      await gateway.join(account, key);
      state = (await gateway.view(account)) ?? state;
    }
    return { start_at: startOf(state, key) };
  };
}
