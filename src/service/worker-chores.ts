import { isAlive } from '../host/process-identity.js';
import type { Env } from '../records/paths.js';
import { startBeat } from './beat.js';
import { ServiceError } from './errors.js';
import type { ServiceFiles } from './files.js';
import { withLock } from './lock.js';
import { readRecord, writeRecord } from './record.js';
import { rotateLog } from './rotate-log.js';
import { startWatcher } from './watcher.js';

/** How often the worker looks after the rest of the service. Milliseconds. */
const ROUND_MS = 15_000;

/** Another one who holds the lock is starting or stopping the service, and sees to the watcher. Milliseconds. */
const LOCK_TIMEOUT_MS = 1_000;

export interface ChoreOptions {
  files: ServiceFiles;
  /** What a new watcher starts workers with. */
  env: Env;
  warn: (message: string, error: unknown) => void;
  /** For tests. */
  roundMs?: number;
}

/**
 * What the embedded worker does beside its work: it shows that its event loop turns, keeps the service's logs small, and
 * watches the watcher. Call what it returns to stop.
 */
export function startChores({ files, env, warn, roundMs = ROUND_MS }: ChoreOptions): () => void {
  const stopBeat = startBeat(files.workerBeat);
  let busy = false;
  const round = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      for (const log of [files.serverLog, files.workerLog, files.watcherLog]) rotateLog(log);
      await reviveWatcher(files, env);
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'service_lock_timeout') return;
      warn('The service could not be looked after', error);
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void round(), roundMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    stopBeat();
  };
}

/** A watcher that the record names and that is gone was killed; where none is named, none is wanted. */
async function reviveWatcher(files: ServiceFiles, env: Env): Promise<void> {
  const { watcher } = readRecord(files) ?? {};
  if (watcher === undefined || isAlive(watcher)) return;
  await withLock(files.lock, { timeoutMs: LOCK_TIMEOUT_MS }, async () => {
    const record = readRecord(files);
    if (record?.worker?.pid !== process.pid || record.watcher === undefined || isAlive(record.watcher)) return;
    writeRecord(files, { ...record, watcher: await startWatcher(files, env) });
  });
}
