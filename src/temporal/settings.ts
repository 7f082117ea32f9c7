import { loadClientConnectConfig } from '@temporalio/envconfig';

/** The task queue that runs and steps use where nothing else is said. */
export const DEFAULT_TASK_QUEUE = 'orch';
export const DEFAULT_NAMESPACE = 'default';

/** How to reach a Temporal service. Fields as `Connection.connect` and `NativeConnection.connect` take them. */
export interface TemporalSettings {
  connection: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
  address: string;
  namespace: string;
}

/**
 * The service that the standard settings name (TEMPORAL_ADDRESS, TEMPORAL_PROFILE, a configuration file, TLS, API
 * key); undefined where they name none, which means the embedded one.
 *
 * @throws Error when the settings cannot be read.
 */
export function configuredService(env: NodeJS.ProcessEnv): TemporalSettings | undefined {
  const config = loadClientConnectConfig({ overrideEnvVars: stringsOf(env) });
  const { address } = config.connectionOptions;
  if (address === undefined || address === '') return undefined;
  return { connection: config.connectionOptions, address, namespace: config.namespace ?? DEFAULT_NAMESPACE };
}

function stringsOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
