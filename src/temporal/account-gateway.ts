import {
  ACCOUNT_JOIN,
  ACCOUNT_PARK,
  ACCOUNT_VIEW,
  AGENT_ACCOUNT,
  accountId,
  type AccountState,
  type QuotaHit,
} from '../contract/account-messages.js';
import { createGatewayClient, unlessAbsent, type GatewayOptions } from './gateway-client.js';

/** How a worker reaches the accounts of agents. */
export interface AccountGateway {
  /** An account whose quota is used up; undefined for one that has some, as far as is known. */
  view(account: string): Promise<AccountState | undefined>;
  /** Tells that a quota is used up; starts the account's workflow where there is none. */
  park(account: string, hit: QuotaHit): Promise<void>;
  /** Waits with the others. */
  join(account: string, key: string): Promise<void>;
}

/** Makes the gateway of a worker, over the worker's own connection. */
export function createAccountGateway(options: GatewayOptions): AccountGateway {
  const { client, call } = createGatewayClient(options);
  return {
    async view(account) {
      const handle = client.workflow.getHandle(accountId(account));
      const description = await unlessAbsent(() => call(() => handle.describe()));
      if (description?.status.name !== 'RUNNING') return undefined;
      return unlessAbsent(() => call(() => handle.query<AccountState>(ACCOUNT_VIEW)));
    },
    async park(account, hit) {
      await call(() =>
        client.workflow.signalWithStart(AGENT_ACCOUNT, {
          workflowId: accountId(account),
          taskQueue: options.taskQueue,
          args: [],
          signal: ACCOUNT_PARK,
          signalArgs: [hit],
        }),
      );
    },
    async join(account, key) {
      await unlessAbsent(() => call(() => client.workflow.getHandle(accountId(account)).signal(ACCOUNT_JOIN, key)));
    },
  };
}
