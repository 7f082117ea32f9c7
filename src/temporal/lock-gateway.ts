import { Client, WorkflowNotFoundError, type ConnectionLike } from '@temporalio/client';
import {
  LOCK,
  LOCK_RELEASE,
  LOCK_REQUEST,
  LOCK_VIEW,
  lockId,
  type LockRequest,
  type LockState,
} from '../workflows/lock-messages.js';
import { payloadCodec } from './payload-codec.js';
import { signedStarts } from './signed-starts.js';

/** Milliseconds that one call may take: a worker that is busy answers late, and the caller asks again. */
const CALL_MS = 10_000;

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

export interface LockGatewayOptions {
  connection: ConnectionLike;
  namespace: string;
  /** Where lock workflows that it starts run. */
  taskQueue: string;
  signingKey?: string;
}

/** Makes the gateway of a worker, over the worker's own connection. */
export function createLockGateway(options: LockGatewayOptions): LockGateway {
  const client = new Client({
    connection: options.connection,
    namespace: options.namespace,
    dataConverter: { payloadCodecs: [payloadCodec] },
    ...(options.signingKey === undefined ? {} : { interceptors: { workflow: [signedStarts(options.signingKey)] } }),
  });
  const call = <T>(run: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_MS, run);
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
      const handle = client.workflow.getHandle(run_id, temporal_run_id);
      const run = await unlessAbsent(() => call(() => handle.describe()));
      if (run === undefined) return 0; // so long ago that the service has forgotten it
      return run.status.name === 'RUNNING' ? undefined : (run.closeTime?.getTime() ?? 0);
    },
  };
}

async function unlessAbsent<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
