import { Client, type ConnectionLike } from '@temporalio/client';
import { createPayloadCodec } from './payload-codec.js';
import { sealedCalls } from './sealed-calls.js';

/**
 * A client on a connection that is there already.
 *
 * @param key of the embedded service, which takes nothing that is not signed with it
 */
export function sealedClient(connection: ConnectionLike, namespace: string, key: string | undefined): Client {
  return new Client({
    connection,
    namespace,
    dataConverter: { payloadCodecs: [createPayloadCodec(key)] },
    ...(key === undefined ? {} : { interceptors: { workflow: [sealedCalls()] } }),
  });
}
