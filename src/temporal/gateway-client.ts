import { Client, WorkflowNotFoundError, type ConnectionLike } from '@temporalio/client';
import { createPayloadCodec } from './payload-codec.js';
import { sealedCalls } from './sealed-calls.js';

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
  const client = new Client({
    connection: options.connection,
    namespace: options.namespace,
    dataConverter: { payloadCodecs: [createPayloadCodec(options.signingKey)] },
    ...(options.signingKey === undefined ? {} : { interceptors: { workflow: [sealedCalls()] } }),
  });
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
