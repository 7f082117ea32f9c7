// Entry of the embedded service's worker process; `orch worker` is the way for other services.
import { replaceFileSync } from '../host/atomic-file.js';
import { parseArgs } from 'node:util';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { stateDir } from '../records/paths.js';
import { serviceFiles } from './files.js';
import { waitUntilHealthy } from './health.js';
import { keepLogging } from './keep-logging.js';
import { scheduledStarts } from './scheduled-starts.js';
import { workerSigning } from './signing.js';
import { dropAllocator } from './worker-memory.js';
import { openWebUi, type WebUi } from './web-ui.js';
import { startChores } from './worker-chores.js';
import { defined } from '../basics/defined.js';
import { DEFAULT_NAMESPACE, DEFAULT_TASK_QUEUE } from '../temporal/settings.js';
import { runWorker } from '../worker/run-worker.js';

/** A server that takes longer is given up by who has started it, and the worker with it. Milliseconds. */
const SERVER_START_MS = 60_000;

/** What the service tells its worker, and steps must not see: orch inside a step finds the service by itself. */
const OWN_NAMES = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'ORCH_EMBEDDED',
  'ORCH_READY_FILE',
  'ORCH_CAREFUL',
  'ORCH_AWAIT_SERVER',
  'ORCH_DEBUG',
  'ORCH_KEEP',
];

const { env } = process;
void main();

async function main(): Promise<void> {
  keepLogging();
  Runtime.install({ logger: new DefaultLogger('INFO') });
  dropAllocator(env);
  const address = env['TEMPORAL_ADDRESS'];
  if (address === undefined) throw new Error('Internal error: TEMPORAL_ADDRESS is not set');
  const stepEnv = { ...env };
  for (const name of OWN_NAMES) delete stepEnv[name];

  const webUi = await openToPeople();
  const stopChores = env['ORCH_EMBEDDED'] ? lookAfterService() : undefined;
  const signing = env['ORCH_EMBEDDED'] ? workerSigning(stateDir(env)) : undefined;
  if (env['ORCH_AWAIT_SERVER'] !== undefined) await untilServed(Number(address.split(':').at(-1)));
  await runWorker({
    settings: { connection: { address }, address, namespace: env['TEMPORAL_NAMESPACE'] ?? DEFAULT_NAMESPACE },
    env,
    stepEnv,
    ...defined({ signing }),
    schedules: (client) =>
      scheduledStarts({ client, taskQueue: DEFAULT_TASK_QUEUE, env: stepEnv, ...defined({ signing }) }),
    careful: env['ORCH_CAREFUL'] !== undefined,
    onReady: () => announce(env['ORCH_READY_FILE']),
  });
  stopChores?.();
  webUi?.close();
}

/** The server is started at the same time, and takes longer. */
async function untilServed(port: number): Promise<void> {
  if (await waitUntilHealthy(port, SERVER_START_MS, () => true)) return;
  throw new Error('The server has not come up');
}

function lookAfterService(): () => void {
  const { logger } = Runtime.instance();
  return startChores({
    files: serviceFiles(stateDir(env)),
    env,
    warn: (message, error) => logger.warn(message, { error }),
  });
}

/** What guards the Web UI is in the worker: it is orch's one process that is always there. */
async function openToPeople(): Promise<WebUi | undefined> {
  const { values } = parseArgs({
    options: { 'web-ui-port': { type: 'string' }, 'web-ui-target': { type: 'string' } },
    strict: false,
  });
  const { 'web-ui-port': port, 'web-ui-target': target } = values;
  if (typeof port !== 'string' || typeof target !== 'string') return undefined;
  try {
    return await openWebUi(Number(port), target);
  } catch (error) {
    // Another process was faster. Runs matter more than the sight of them; the next worker opens it elsewhere.
    Runtime.instance().logger.warn(`The Web UI cannot be opened at port ${port}`, { error });
    return undefined;
  }
}

function announce(file: string | undefined): void {
  if (file === undefined) return;
  replaceFileSync(file, String(process.pid));
}
