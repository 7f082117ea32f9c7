import { Runtime } from '@temporalio/worker';
import type { ScheduledStarts } from '../contract/schedule-messages.js';
import { keepFor } from '../records/keep.js';
import { stateDir } from '../records/paths.js';
import { RecordKeeper } from '../records/record-keeper.js';
import { sealedClient } from '../temporal/sealed-client.js';
import { EMBEDDED_SERVICE, serviceName } from '../temporal/service-name.js';
import type { TemporalSettings } from '../temporal/settings.js';
import type { WorkerSigning } from '../temporal/signing.js';
import {
  connectWorker,
  createHostWorker,
  createRoleWorker,
  createWorker,
  earlierEvents,
  type WorkerSettings,
} from './create-worker.js';
import { startJanitor } from './janitor.js';
import { LateAnswers } from './late-answers.js';
import { startPruning } from './prune-old.js';
import { defined } from '../basics/defined.js';

export interface RunWorkerOptions {
  settings: TemporalSettings;
  taskQueue?: string;
  maxSteps?: number;
  /** Seconds that running steps have to end once the worker is to stop. Default 0: they go on without it. */
  drainSec?: number;
  /** The process's environment; says where the state folder is. */
  env: NodeJS.ProcessEnv;
  /** What steps inherit. Default: `env`. */
  stepEnv?: NodeJS.ProcessEnv;
  /** Of the embedded service. */
  signing?: WorkerSigning;
  /** Set for the worker of one role of a loop: the folder of its configuration here, and the queue of the role's turns. */
  loop?: { root: string; roleQueue: string };
  /** Set where workers have died lately: this one notes each run before it computes for it, one at a time. */
  careful?: boolean;
  /** Makes what starts the runs of schedules. Default: that is another worker's. */
  schedules?: (client: ReturnType<typeof sealedClient>) => ScheduledStarts;
  /** Called once the worker polls. */
  onReady?: () => void;
}

/** Runs a worker in this process until SIGINT or SIGTERM, which let it stop in order. */
export async function runWorker(options: RunWorkerOptions): Promise<void> {
  const connection = await connectWorker(options.settings);
  const { logger } = Runtime.instance();
  const folder = stateDir(options.env);
  const { namespace } = options.settings;
  const { signing } = options;
  const records = new RecordKeeper(
    folder,
    (message) => logger.warn(message),
    earlierEvents({ connection, namespace, ...defined({ signing }) }),
  );
  try {
    const embedded = signing !== undefined;
    const service = embedded ? EMBEDDED_SERVICE : serviceName(options.settings);
    const client = sealedClient(connection, namespace, signing?.key);
    const late = new LateAnswers(client.activity);
    const settings = {
      ...settingsOf(options, { connection, stateDir: folder, service, records }),
      ...defined({ schedules: options.schedules?.(client) }),
      late,
    };
    const workers = [await createWorker(settings)];
    if (options.loop !== undefined) workers.push(await createRoleWorker(settings, options.loop.roleQueue));
    if (!embedded) workers.push(await createHostWorker(settings));
    const running = Promise.all(workers.map((worker) => worker.run())); // SIGINT and SIGTERM make the SDK shut them down
    options.onReady?.();
    const stopJanitor = startJanitor({
      client,
      stateDir: folder,
      service,
      records,
      onError: (runId, error) => logger.warn(`The record of the run ${runId} could not be written`, { error }),
    });
    const stopPruning = startPruning({
      stateDir: folder,
      keepMs: keepFor(options.env),
      onError: (error) => logger.warn('The records of old runs could not be removed', { error }),
    });
    try {
      await running;
    } finally {
      stopPruning();
      stopJanitor();
      await late.close();
    }
  } finally {
    await records.close();
    await connection.close();
  }
}

/** What all workers of this process have in common. */
function settingsOf(
  options: RunWorkerOptions,
  shared: Required<Pick<WorkerSettings, 'connection' | 'stateDir' | 'service' | 'records'>>,
): WorkerSettings {
  return {
    ...shared,
    namespace: options.settings.namespace,
    onlyHost: options.signing !== undefined,
    stacks: Boolean(options.env['ORCH_DEBUG']),
    env: options.stepEnv ?? options.env,
    ...defined({
      drainSec: options.drainSec,
      taskQueue: options.taskQueue,
      maxSteps: options.maxSteps,
      signing: options.signing,
      careful: options.careful,
      loopRoot: options.loop?.root,
    }),
  };
}
