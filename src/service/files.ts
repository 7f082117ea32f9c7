import { chmodSync, closeSync, openSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDir, serviceDir } from '../records/paths.js';
import { ServiceError, messageOf } from './errors.js';
import { uniqueBeside } from '../host/atomic-file.js';
import { isDiskFull } from '../host/disk-room.js';
import { checkStateDir } from './state-folder.js';

/** A log is set aside once it is larger than this. Bytes. */
export const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** How much of a start's output is read: a server or worker that fails to start says little. Bytes. */
const READ_BYTES = 64 * 1024;

const SHOWN_LINES = 15;

/** The files of the embedded service of one state folder. */
export interface ServiceFiles {
  state: string;
  dir: string;
  /** What runs: pids, ports, versions. */
  record: string;
  lock: string;
  database: string;
  /** Which version opened the database first. */
  databaseVersion: string;
  serverLog: string;
  workerLog: string;
  watcherLog: string;
  /** Written by the worker once it polls. */
  workerReady: string;
  /** Counted up by the worker while its event loop turns. */
  workerBeat: string;
  /** Which processes the watcher is to find alive. */
  watched: string;
  /** Where the Web UI was opened last, also by a service that was stopped since. */
  webUiPort: string;
  signingKey: string;
  /** Since when everything is signed, and with which key. */
  signingNote: string;
  /** Folder of what remembers which signatures were used. */
  usedSeals: string;
  /** Folder of what the worker believes of schedules. */
  schedules: string;
}

/** Where the embedded service of a state folder keeps its files. */
export function serviceFiles(state: string): ServiceFiles {
  const dir = serviceDir(state);
  return {
    state,
    dir,
    record: join(dir, 'service.json'),
    lock: join(dir, 'lock'),
    database: join(dir, 'temporal.db'),
    databaseVersion: join(dir, 'database.json'),
    serverLog: join(dir, 'server.log'),
    workerLog: join(dir, 'worker.log'),
    watcherLog: join(dir, 'watcher.log'),
    workerReady: join(dir, 'worker.ready'),
    workerBeat: join(dir, 'worker.beat'),
    watched: join(dir, 'watched'),
    webUiPort: join(dir, 'web-ui-port'),
    signingKey: join(dir, 'signing.key'),
    signingNote: join(dir, 'signing.json'),
    usedSeals: join(dir, 'used'),
    schedules: join(dir, 'schedules'),
  };
}

/**
 * Makes the service's folder, closed to others even if it was created otherwise.
 *
 * @throws ServiceError `state_dir_unwritable`, `state_dir_foreign`, `disk_full`
 */
export function prepareServiceDir(files: ServiceFiles): void {
  checkStateDir(files.state);
  try {
    makePrivateDir(files.dir);
    if ((statSync(files.dir).mode & 0o077) !== 0) chmodSync(files.dir, 0o700);
    const probe = uniqueBeside(join(files.dir, 'probe'));
    writeFileSync(probe, '', { flag: 'wx', mode: 0o600 });
    rmSync(probe);
  } catch (error) {
    // Of a full disk the caller knows better what to say.
    if (isDiskFull(error)) throw error;
    throw new ServiceError(
      'state_dir_unwritable',
      `the state folder ${files.state} cannot be written: ${messageOf(error)}`,
      'make it writable, or set ORCH_STATE_DIR to a folder that is',
      { cause: error },
    );
  }
}

/** Opens a log for appending; one that has grown large becomes `<log>.1` first. Returns the descriptor. */
export function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

/**
 * What a process that failed said at the end: the last lines from byte `from` on, without the stacks of a crash,
 * which bury the reason. Empty if the log cannot be read.
 */
export function failureLines(path: string, from: number): string[] {
  const [beforeGoStacks = ''] = readLog(path, from).split(/^goroutine \d+ \[/m);
  const lines = beforeGoStacks.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  return lines.slice(-SHOWN_LINES);
}

/** The beginning of what stands in a log from byte `from` on; empty if it cannot be read. */
export function readLog(path: string, from: number): string {
  try {
    const file = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(READ_BYTES);
      return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, from));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
