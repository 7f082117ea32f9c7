import { WorkflowNotFoundError, type Client, type ConnectionLike } from '@temporalio/client';
import { sealedClient } from './sealed-client.js';

/** Milliseconds that one call may take: a worker that is busy answers late, and the caller asks again. */
const CALL_MS = 10_000;

/** How a worker reaches workflows other than those of its steps. */
export interface GatewayOptions {
  connection: ConnectionLike;
  namespace: string;
  /** Where workflows that it starts run. */
  taskQueue: string;
  signingKey?: string;
}

/** Makes a client over a worker's own connection, and the way to call it. */
export function createGatewayClient(options: GatewayOptions): {
  client: Client;
  call: <T>(run: () => Promise<T>) => Promise<T>;
} {
  const client = sealedClient(options.connection, options.namespace, options.signingKey);
  return { client, call: (run) => client.withDeadline(Date.now() + CALL_MS, run) };
}

/** What a call gives; undefined where there is no such workflow. */
export async function unlessAbsent<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
