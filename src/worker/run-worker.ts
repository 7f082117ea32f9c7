import { stateDir } from '../records/paths.js';
import type { TemporalSettings } from '../temporal/settings.js';
import { connectWorker, createWorker } from './create-worker.js';

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
  try {
    const worker = await createWorker({
      connection,
      namespace: options.settings.namespace,
      stateDir: stateDir(options.env),
      env: options.stepEnv ?? options.env,
      ...(options.taskQueue === undefined ? {} : { taskQueue: options.taskQueue }),
      ...(options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps }),
      ...(options.signingKey === undefined ? {} : { signingKey: options.signingKey }),
    });
    const running = worker.run(); // the SDK's runtime turns SIGINT and SIGTERM into a shutdown
    options.onReady?.();
    await running;
  } finally {
    await connection.close();
  }
}
