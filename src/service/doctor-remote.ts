import { Connection } from '@temporalio/client';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import type { Env } from '../records/paths.js';
import type { Check } from './check.js';
import { messageOf } from './errors.js';
import { defined } from '../basics/defined.js';

/** How long a remote service may take to answer. Milliseconds. */
const ANSWER_MS = 8_000;

/** The service that the environment or a profile names; undefined where none does, and the embedded one is used. */
export async function checkRemote(env: Env): Promise<Check | undefined> {
  const name = 'remote_service';
  try {
    const config = await remoteConfig(env);
    if (!config) return undefined;
    return await askRemote(name, config);
  } catch (error) {
    return {
      name,
      ok: 'fail',
      detail: messageOf(error),
      hint: "correct Temporal's environment variables or its profile",
    };
  }
}

async function remoteConfig(env: Env): Promise<ClientConnectConfig | undefined> {
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const config = loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
  return config.connectionOptions.address ? config : undefined;
}

async function askRemote(
  name: string,
  { connectionOptions, namespace = 'default' }: ClientConnectConfig,
): Promise<Check> {
  const { address, tls, apiKey, metadata } = connectionOptions;
  const where = `${address}, namespace ${namespace}`;
  const connection = Connection.lazy({
    ...defined({ address, tls }),
    ...(typeof apiKey === 'string' && { apiKey }),
    ...defined({ metadata }),
  });
  try {
    await connection.withDeadline(Date.now() + ANSWER_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return { name, ok: 'ok', detail: `${where} answers; nothing embedded is used` };
  } catch (error) {
    const hint = 'check the address, TLS and API key, or unset TEMPORAL_ADDRESS to use the embedded service';
    return { name, ok: 'fail', detail: `${where}: ${messageOf(error)}`, hint };
  } finally {
    await connection.close();
  }
}
