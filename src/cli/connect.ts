import { OrchError } from '../client/errors.js';
import { OrchClient, type OrchClientOptions } from '../client/orch-client.js';
import { configuredService, DEFAULT_NAMESPACE } from '../temporal/settings.js';
import { stateDir } from '../records/paths.js';
import { readRecordFiles } from '../records/run-folders.js';
import {
  checkStateDir,
  ensureService,
  readSigning,
  runningServer,
  scheduleRegister,
  workerRuns,
} from '../service/index.js';
import type { CliContext } from './context.js';
import { UsageError } from './errors.js';
import { defined } from '../basics/defined.js';

interface RunningService {
  address: string;
  ui_url?: string;
}

/**
 * Connects to the configured service; where none is configured, to the embedded one.
 *
 * @param startEmbedded starts the embedded service where it does not run; else that is an error.
 */
export async function connect(context: CliContext, startEmbedded: boolean): Promise<OrchClient> {
  const remote = settingsOf(context);
  if (remote !== undefined) {
    const webUi = context.env['ORCH_WEB_UI'];
    return OrchClient.connect({ service: remote, ...(webUi ? { webUi: webUi.replace(/\/+$/, '') } : {}) });
  }
  const service = startEmbedded ? await startService(context) : runningService(context);
  return OrchClient.connect({
    service: {
      connection: { address: service.address },
      address: service.address,
      namespace: DEFAULT_NAMESPACE,
    },
    ...signingOf(context),
    workerRuns: () => workerRuns(context.env),
    readFiles: (runId) => readRecordFiles(stateDir(context.env), runId),
    ...defined({ webUi: service.ui_url }),
  });
}

/** None where the worker that runs is of a build that does not sign its answers. */
function signingOf(context: CliContext): Pick<OrchClientOptions, 'signing'> {
  const state = stateDir(context.env);
  const { key, since } = readSigning(state);
  return since === undefined ? {} : { signing: { key, since, schedules: scheduleRegister(state) } };
}

/** The service that the standard settings name. @throws UsageError where they cannot be read. */
export function settingsOf(context: CliContext): ReturnType<typeof configuredService> {
  try {
    return configuredService(context.env);
  } catch (error) {
    throw new UsageError(`The Temporal settings cannot be read: ${(error as Error).message}`);
  }
}

async function startService(context: CliContext): Promise<RunningService> {
  return ensureService({ env: context.env, onProgress: (line) => context.note(`${context.colors.dim(line)}\n`) });
}

/** Looking at a run starts nothing: not even a list should build a server. */
function runningService(context: CliContext): RunningService {
  checkStateDir(stateDir(context.env));
  const server = runningServer(context.env);
  if (server !== undefined) return server;
  throw new OrchError('service_unreachable', 'The embedded service is not running', {
    hint: '`orch up` starts it; runs continue where they were',
  });
}
