import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDir, type Env } from '../records/paths.js';
import { startInBackground, type Background } from './background.js';
import type { WorkerProgram } from './build-id.js';
import { lastingEnv } from './environment.js';
import type { ServiceError } from './errors.js';
import { failureLines, type ServiceFiles } from './files.js';
import { NAMESPACE } from './health.js';
import { replaceFileSync } from '../host/atomic-file.js';
import { isAlive, stopProcess } from '../host/process-identity.js';
import { chooseWebUiPort } from './ports.js';
import type { ServerRecord, WorkerRecord } from './record.js';
import { startFailure } from './start-failure.js';
import { workerArguments, type WorkerArguments } from './worker-arguments.js';
import { memoryOptions, withAllocator } from './worker-memory.js';
import { defined } from '../basics/defined.js';

/** From nothing to polling takes one to two seconds; a busy machine many times that. Milliseconds. */
const START_TIMEOUT_MS = 60_000;

/** How long a worker may take to let go of its steps, which outlive it, before it is killed. Milliseconds. */
export const WORKER_STOP_MS = 15_000;

const POLL_MS = 20;

export interface StartWorkerOptions {
  files: ServiceFiles;
  env: Env;
  program: WorkerProgram;
  server: ServerRecord;
  /** Set where workers have died lately: this one is to note at once what it is about to do. */
  careful: boolean;
  /** Set where the server has only just been started: the worker gets ready meanwhile, and waits for it. */
  early: boolean;
  /** Called as soon as the process exists, before it polls. */
  onSpawn: (worker: WorkerRecord) => void;
}

/** A worker that was started and does not poll yet. */
export interface StartedWorker {
  /** Waits until it polls. @throws ServiceError `worker_start_failed`, with the end of the worker's log */
  ready: () => Promise<WorkerRecord>;
  /** Ends it, ready or not. */
  stop: () => Promise<void>;
}

/**
 * Starts a worker.
 *
 * @throws ServiceError `worker_start_failed`
 */
export async function startWorker(options: StartWorkerOptions): Promise<StartedWorker> {
  const { files, program, server } = options;
  for (const path of [files.workerReady, files.workerBeat]) rmSync(path, { force: true });
  const told = {
    address: server.address,
    build_id: program.buildId,
    web_ui_port: await webUiPort(files),
    web_ui_target: server.ports.ui,
  };
  const { identity, logStart } = await spawnWorker(options, told);
  const worker = { ...identity, started_at: new Date().toISOString(), ...told };
  options.onSpawn(worker);
  const stop = async (): Promise<void> => void (await stopProcess(worker, WORKER_STOP_MS));
  return {
    async ready() {
      if (await waitUntilReady(files, worker)) return worker;
      const hung = isAlive(worker);
      await stop();
      throw startFailed(files, failureLines(files.workerLog, logStart), hung);
    },
    stop,
  };
}

/** The port of the Web UI: that of last time where it is free, so that links to runs stay good. */
async function webUiPort(files: ServiceFiles): Promise<number> {
  const last = lastWebUiPort(files);
  const port = await chooseWebUiPort(last);
  if (port !== last) replaceFileSync(files.webUiPort, `${port}\n`);
  return port;
}

function lastWebUiPort(files: ServiceFiles): number | undefined {
  try {
    const port = Number(readFileSync(files.webUiPort, 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the worker has said that it polls. */
export function isReady(files: ServiceFiles, worker: WorkerRecord): boolean {
  try {
    return isAlive(worker) && Number(readFileSync(files.workerReady, 'utf8')) === worker.pid;
  } catch {
    return false;
  }
}

/** Waits until the worker polls; resolves to whether it does. */
export async function waitUntilReady(files: ServiceFiles, worker: WorkerRecord): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!isReady(files, worker)) {
    if (!isAlive(worker) || performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

async function spawnWorker(
  { files, env, program, careful, early }: StartWorkerOptions,
  told: Omit<WorkerArguments, 'service_dir'>,
): Promise<Background> {
  try {
    return await startInBackground({
      file: process.execPath,
      args: [...memoryOptions(), program.entry, ...workerArguments({ service_dir: files.dir, ...told })],
      cwd: files.dir,
      env: withAllocator({
        ...workerEnv(files, env, told.address),
        ...(careful && { ORCH_CAREFUL: '1' }),
        ...(early && { ORCH_AWAIT_SERVER: '1' }),
      }),
      log: files.workerLog,
    });
  } catch (error) {
    throw startFailed(files, [String(error)], false);
  }
}

/** Steps see the worker's environment, so the starter's is kept; only where it stands is said anew. */
function workerEnv(files: ServiceFiles, env: Env, address: string): NodeJS.ProcessEnv {
  return {
    ...lastingEnv(env),
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: NAMESPACE,
    ORCH_STATE_DIR: files.state,
    ORCH_CACHE_DIR: cacheDir(env),
    ...defined({ ORCH_KEEP: env['ORCH_KEEP'], ORCH_DEBUG: env['ORCH_DEBUG'] }),
    ORCH_EMBEDDED: '1',
    ORCH_READY_FILE: files.workerReady,
  };
}

function startFailed(files: ServiceFiles, log: string[], hung: boolean): ServiceError {
  const how = hung ? `did not start polling within ${START_TIMEOUT_MS / 1000} s` : 'ended while it started';
  return startFailure(files, {
    code: 'worker_start_failed',
    what: `the embedded worker ${how}`,
    log,
    logFile: files.workerLog,
  });
}
