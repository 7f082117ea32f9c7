import { DEFAULT_NAMESPACE } from '../temporal/settings.js';
import { stateDir } from '../records/paths.js';
import { readRecordFiles } from '../records/run-folders.js';
import {
  checkStateDir,
  ensureService,
  readSigning,
  runningServer,
  scheduleRegister,
  workerRuns,
  type ServiceInfo,
} from '../service/index.js';
import { OrchError } from '../client/errors.js';
import { OrchClient, type OrchClientOptions } from '../client/orch-client.js';
import { defined } from '../basics/defined.js';

/** Which embedded service is meant, and whether it may be started. */
export interface EmbeddedOptions {
  /** `ORCH_STATE_DIR` and its kin are read from here. Default: that of the process. */
  env?: NodeJS.ProcessEnv;
  /** Starts the service where it does not run, as `orch up` does; else that is an error. Default true. */
  start?: boolean;
  /** Hears what is done while the service starts, a line each. */
  onProgress?: (line: string) => void;
}

/**
 * Connects to the embedded service of this machine, as the command does: it is found by its state folder, and nothing is
 * taken there without the key that is kept in it.
 *
 * @example
 * const client = await connectEmbedded();
 * @throws OrchError `service_unreachable` where the service does not run and is not to be started; else what `orch up`
 * fails with.
 */
export async function connectEmbedded(options: EmbeddedOptions = {}): Promise<OrchClient> {
  const { env = process.env, start = true, onProgress = () => {} } = options;
  if (!start) return connectTo(env, runningService(env));
  // That the client can connect shows that the service is well; a call only to ask for that would be one more.
  let client: OrchClient | undefined;
  const greet = async (service: ServiceInfo): Promise<boolean> => {
    client = await connectTo(env, service).catch(() => undefined);
    return client !== undefined;
  };
  const service = await ensureService({ env, onProgress, greet });
  return client ?? connectTo(env, service);
}

function connectTo(
  env: NodeJS.ProcessEnv,
  { address, ui_url }: { address: string; ui_url?: string },
): Promise<OrchClient> {
  return OrchClient.connect({
    service: { connection: { address }, address, namespace: DEFAULT_NAMESPACE },
    ...signingOf(env),
    workerRuns: () => workerRuns(env),
    readFiles: (runId) => readRecordFiles(stateDir(env), runId),
    ...defined({ webUi: ui_url }),
    shortAddresses: true,
  });
}

/** Looking at a run starts nothing: not even a list should build a server. */
function runningService(env: NodeJS.ProcessEnv): { address: string; ui_url?: string } {
  checkStateDir(stateDir(env));
  const server = runningServer(env);
  if (server !== undefined) return server;
  throw new OrchError('service_unreachable', 'The embedded service is not running', {
    hint: '`orch up` starts it; runs continue where they were',
  });
}

/** None where the worker that runs is of a build that does not sign its answers. */
function signingOf(env: NodeJS.ProcessEnv): Pick<OrchClientOptions, 'signing'> {
  const state = stateDir(env);
  const { key, since } = readSigning(state);
  return since === undefined ? {} : { signing: { key, since, schedules: scheduleRegister(state) } };
}
