import { Connection, type Client } from '@temporalio/client';
import { sealedClient } from '../temporal/sealed-client.js';
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
  return { connection, client: sealedClient(connection, service.namespace, key) };
}
