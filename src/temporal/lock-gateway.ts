import {
  LOCK,
  LOCK_RELEASE,
  LOCK_REQUEST,
  LOCK_VIEW,
  lockId,
  type LockRequest,
  type LockState,
} from '../contract/lock-messages.js';
import { lastExecution } from './run-chain.js';
import { createGatewayClient, unlessAbsent, type GatewayOptions } from './gateway-client.js';

/** How a worker reaches the lock workflows. */
export interface LockGateway {
  /** Who holds a lock and who waits; undefined where nobody has asked for it. */
  view(name: string): Promise<LockState | undefined>;
  /** Asks for a lock; starts its workflow where there is none. */
  request(name: string, request: LockRequest): Promise<void>;
  release(name: string, key: string): Promise<void>;
  /** When a run closed, milliseconds since the epoch; undefined while it is open. */
  closedAt(run: Pick<LockRequest, 'run_id' | 'temporal_run_id'>): Promise<number | undefined>;
}

/** Makes the gateway of a worker, over the worker's own connection. */
export function createLockGateway(options: GatewayOptions): LockGateway {
  const { client, call } = createGatewayClient(options);
  return {
    view: (name) => unlessAbsent(() => call(() => client.workflow.getHandle(lockId(name)).query<LockState>(LOCK_VIEW))),
    async request(name, request) {
      await call(() =>
        client.workflow.signalWithStart(LOCK, {
          workflowId: lockId(name),
          taskQueue: options.taskQueue,
          args: [],
          signal: LOCK_REQUEST,
          signalArgs: [request],
        }),
      );
    },
    async release(name, key) {
      await unlessAbsent(() => call(() => client.workflow.getHandle(lockId(name)).signal(LOCK_RELEASE, key)));
    },
    async closedAt({ run_id, temporal_run_id }) {
      const run = await call(() => lastExecution(client, { run_id, temporal_run_id }));
      if (run === undefined) return 0; // so long ago that the service has forgotten it
      return run.status.name === 'RUNNING' ? undefined : (run.closeTime?.getTime() ?? 0);
    },
  };
}
