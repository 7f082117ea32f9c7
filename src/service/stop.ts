import { existsSync, rmSync } from 'node:fs';
import { stateDir, type Env } from '../records/paths.js';
import { ServiceError } from './errors.js';
import { prepareServiceDir, serviceFiles } from './files.js';
import { findRunning } from './find-running.js';
import { withLock } from './lock.js';
import { isAlive, stopProcess, type ProcessIdentity } from '../host/process-identity.js';
import { removeRecord } from './record.js';
import { SERVER_STOP_MS } from './server.js';
import { checkStateDir } from './state-folder.js';
import { WORKER_STOP_MS } from './worker-process.js';

const LOCK_TIMEOUT_MS = 180_000;

export interface StopServiceOptions {
  env: Env;
  onProgress?: (line: string) => void;
  /** How long to wait for another process that starts or stops the service. Milliseconds; default 180,000. */
  lockTimeoutMs?: number;
}

export interface StopResult {
  /** What was running and is not any more, in the order it was stopped. */
  stopped: ('worker' | 'server')[];
  state_dir: string;
}

/**
 * Stops the embedded service of the state folder, and nothing else: a process is known by its pid and start time.
 * Steps that run outlive it; the next worker finds them again.
 *
 * @throws ServiceError
 */
export async function stopService(options: StopServiceOptions): Promise<StopResult> {
  const files = serviceFiles(stateDir(options.env));
  const result: StopResult = { stopped: [], state_dir: files.state };
  checkStateDir(files.state);
  if (!existsSync(files.dir)) return result;
  prepareServiceDir(files);
  const say = options.onProgress ?? (() => {});
  const timeoutMs = options.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
  const onWait = (pid: number) => say(`waiting for process ${pid}, which is starting or stopping the service`);
  await withLock(files.lock, { timeoutMs, onWait }, async () => {
    const { record } = findRunning(files);
    // The worker first, while it can still tell the server what it lets go of.
    if (await stopOne('worker', record?.worker, WORKER_STOP_MS)) result.stopped.push('worker');
    if (await stopOne('server', record?.server, SERVER_STOP_MS)) result.stopped.push('server');
    rmSync(files.workerReady, { force: true });
    removeRecord(files);
  });
  return result;
}

async function stopOne(name: string, identity: ProcessIdentity | undefined, graceMs: number): Promise<boolean> {
  if (!identity || !isAlive(identity)) return false;
  if (await stopProcess(identity, graceMs)) return true;
  throw new ServiceError(
    'service_stop_failed',
    `the ${name} (process ${identity.pid}) cannot be stopped`,
    'it may belong to another user, or hang in the kernel; stop it yourself and try again',
  );
}
