import { Runtime } from '@temporalio/worker';
import { stateDir } from '../records/paths.js';
import { createRecordKeeper } from '../records/record-keeper.js';
import { recordClient } from '../temporal/read-record.js';
import type { TemporalSettings } from '../temporal/settings.js';
import { connectWorker, createWorker } from './create-worker.js';
import { startJanitor } from './janitor.js';

export interface RunWorkerOptions {
  settings: TemporalSettings;
  taskQueue?: string;
  maxSteps?: number;
  /** The process's environment; says where the state folder is. */
  env: NodeJS.ProcessEnv;
  /** What steps inherit. Default: `env`. */
  stepEnv?: NodeJS.ProcessEnv;
  signingKey?: string;
  /** Called once the worker polls. */
  onReady?: () => void;
}

/** Runs a worker in this process until SIGINT or SIGTERM, which let it stop in order. */
export async function runWorker(options: RunWorkerOptions): Promise<void> {
  const connection = await connectWorker(options.settings);
  const { logger } = Runtime.instance();
  const folder = stateDir(options.env);
  const records = createRecordKeeper(folder, (message) => logger.warn(message));
  try {
    const worker = await createWorker({
      connection,
      namespace: options.settings.namespace,
      stateDir: folder,
      records,
      env: options.stepEnv ?? options.env,
      ...(options.taskQueue === undefined ? {} : { taskQueue: options.taskQueue }),
      ...(options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps }),
      ...(options.signingKey === undefined ? {} : { signingKey: options.signingKey }),
    });
    const running = worker.run(); // the SDK's runtime turns SIGINT and SIGTERM into a shutdown
    options.onReady?.();
    const client = recordClient(connection, options.settings.namespace);
    const stopJanitor = startJanitor({
      client,
      stateDir: folder,
      records,
      onError: (runId, error) => logger.warn(`The record of the run ${runId} could not be written`, { error }),
    });
    try {
      await running;
    } finally {
      stopJanitor();
    }
  } finally {
    await records.close();
    await connection.close();
  }
}
