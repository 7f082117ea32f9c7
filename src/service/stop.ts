import { existsSync, rmSync } from 'node:fs';
import { stateDir, type Env } from '../records/paths.js';
import { ServiceError } from './errors.js';
import { isDiskFull } from '../host/disk-room.js';
import { prepareServiceDir, serviceFiles, type ServiceFiles } from './files.js';
import { findRunning } from './find-running.js';
import { withLock, type LockOptions } from './lock.js';
import { isAlive, stopProcess, type ProcessIdentity } from '../host/process-identity.js';
import { removeRecord } from './record.js';
import { SERVER_STOP_MS } from './server.js';
import { checkStateDir } from './state-folder.js';
import { removeWatched } from './watched.js';
import { stopWatchers } from './watcher.js';
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
  prepareOrFull(files);
  const say = options.onProgress ?? (() => {});
  const timeoutMs = options.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
  const onWait = (pid: number) => say(`waiting for process ${pid}, which is starting or stopping the service`);
  await withLockOrFull(files.lock, { timeoutMs, onWait }, async () => {
    const { record } = findRunning(files);
    await stopWatchers(files, record); // first of all, or it would start again what ends here
    // The worker first, while it can still tell the server what it lets go of.
    if (await stopOne('worker', record?.worker, WORKER_STOP_MS)) result.stopped.push('worker');
    if (await stopOne('server', record?.server, SERVER_STOP_MS)) result.stopped.push('server');
    rmSync(files.workerReady, { force: true });
    removeWatched(files);
    removeRecord(files);
  });
  return result;
}

function prepareOrFull(files: ServiceFiles): void {
  try {
    prepareServiceDir(files);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

/** Where the disk is too full for a lock, nobody can start a service meanwhile, and ending it may be what makes room. */
async function withLockOrFull(path: string, options: LockOptions, work: () => Promise<void>): Promise<void> {
  try {
    await withLock(path, options, work);
  } catch (error) {
    // All that `work` does is end processes and remove files: this can only be the lock's.
    if (!isDiskFull(error)) throw error;
    await work();
  }
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
