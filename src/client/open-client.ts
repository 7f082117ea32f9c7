import { Client, Connection } from '@temporalio/client';
import { createPayloadCodec } from '../temporal/payload-codec.js';
import { sealedCalls } from '../temporal/sealed-calls.js';
import type { TemporalSettings } from '../temporal/settings.js';
import { OrchError } from './errors.js';

/**
 * Connects to a Temporal service.
 *
 * @param key of the embedded service, which takes nothing that is not signed with it
 * @throws OrchError `service_unreachable`
 */
export async function openClient(
  service: TemporalSettings,
  key: string | undefined,
): Promise<{ connection: Connection; client: Client }> {
  let connection: Connection;
  try {
    connection = await Connection.connect({
      ...service.connection,
      connectTimeout: '5 seconds',
      interceptors: [], // no retries of the SDK's: see throughOutages
    });
  } catch (error) {
    throw new OrchError('service_unreachable', `Cannot reach the Temporal service at ${service.address}`, {
      hint: 'is it running, and are TEMPORAL_ADDRESS and its TLS settings right? `orch doctor` tells more',
      cause: error,
    });
  }
  const client = new Client({
    connection,
    namespace: service.namespace,
    dataConverter: { payloadCodecs: [createPayloadCodec(key)] },
    ...(key === undefined ? {} : { interceptors: { workflow: [sealedCalls()] } }),
  });
  return { connection, client };
}
