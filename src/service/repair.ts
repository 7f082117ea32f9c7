import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { isAlive, stopProcess } from '../host/process-identity.js';
import { stateDir, type Env } from '../records/paths.js';
import { workerProgram } from './build-id.js';
import { bringUp } from './ensure.js';
import { serviceFiles } from './files.js';
import { LOOPBACK } from './ports.js';
import { withLock } from './lock.js';
import { readRecord, writeRecord, type Restart, type ServiceRecord, type WorkerRecord } from './record.js';
import { withRestarts } from './restarts.js';
import { liveWatcher } from './watcher.js';

/** As long as a start and a stop, which take the same lock, may take at the worst. Milliseconds. */
const LOCK_TIMEOUT_MS = 180_000;

/** A worker whose event loop turns answers within milliseconds; a busy machine takes its time. Milliseconds. */
const ANSWER_MS = 10_000;

export interface RepairOptions {
  env: Env;
  /** The process that watches, and asks for this. */
  watcher: number;
  /** Set where the worker lives and has given no sign of life for a minute. */
  stuck: boolean;
  say: (line: string) => void;
  /** As given to `ensureService`. */
  workerEntry?: string;
}

/**
 * Starts again what is dead of the service, for its watcher.
 *
 * Whoever ends the service ends its watcher first, under the same lock. So where the one who asks is not the watcher that
 * the record names, or is gone, nothing is to be started.
 *
 * @returns `over` where there is nothing to watch any more
 * @throws ServiceError as `ensureService`
 */
export async function repairService(options: RepairOptions): Promise<'mended' | 'over'> {
  const { env, say } = options;
  const files = serviceFiles(stateDir(env));
  if (!isWatched(readRecord(files), options.watcher)) return 'over';
  return withLock(files.lock, { timeoutMs: LOCK_TIMEOUT_MS }, async () => {
    const record = readRecord(files);
    if (record === undefined || !isWatched(record, options.watcher)) return 'over';
    const found = await whatIsWrong(record, options.stuck);
    for (const { what, why } of found) say(`the ${what} (process ${record[what]?.pid}) is ${why}`);
    if (found.some(({ why }) => why === 'stuck') && record.worker) await stopProcess(record.worker, 0);
    if (found.length > 0) writeRecord(files, withRestarts(record, found));
    const binary = record.server?.binary;
    // The one that has opened the database, wherever it was found.
    const known = binary !== undefined && existsSync(binary) ? { ...env, ORCH_TEMPORAL_CLI: binary } : env;
    const program = workerProgram(options.workerEntry);
    await bringUp({ files, env: known, program, say, started: [], watch: false }, undefined);
    return 'mended';
  });
}

function isWatched(record: ServiceRecord | undefined, watcher: number): boolean {
  return liveWatcher(record)?.pid === watcher;
}

async function whatIsWrong({ server, worker }: ServiceRecord, stuck: boolean): Promise<Omit<Restart, 'at'>[]> {
  const found: Omit<Restart, 'at'>[] = [];
  if (server && !isAlive(server)) found.push({ what: 'server', why: 'dead' });
  if (worker && !isAlive(worker)) found.push({ what: 'worker', why: 'dead' });
  else if (worker && stuck && !(await turns(worker))) found.push({ what: 'worker', why: 'stuck' });
  return found;
}

/** Whether the worker answers, whatever it says: where it can't write its beat, that is no reason to end it. */
function turns({ web_ui_port: port }: WorkerRecord): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host: LOOPBACK, port, method: 'HEAD', timeout: ANSWER_MS });
    const end = (answered: boolean): void => {
      asked.destroy();
      resolve(answered);
    };
    asked.once('response', () => end(true)).once('timeout', () => end(false));
    asked.once('error', () => end(false)).end();
  });
}
