import { realpathSync, statSync } from 'node:fs';
import { recordedVersion } from './database-version.js';
import type { ServiceFiles } from './files.js';
import { LOOPBACK } from './ports.js';
import { identify, isAlive } from '../host/process-identity.js';
import { optionOf, processesNaming, type TableEntry } from './process-table.js';
import { readRecord, type ServerRecord, type ServiceRecord, type WorkerRecord } from './record.js';
import { readServerArguments } from './server-arguments.js';
import { readWorkerArguments } from './worker-arguments.js';
import { defined } from '../basics/defined.js';

/** What runs of the service of a state folder. */
export interface Running {
  record: ServiceRecord | undefined;
  /** Lives, and the record does not know it: the record was lost, cannot be read, or is an old one. */
  found: ('server' | 'worker')[];
}

/**
 * The service as its record tells it, and where that knows of no living process, as the table of processes does: what
 * runs says on its command line whose it is. So a lost record never makes a second server or leaves one behind.
 */
export function findRunning(files: ServiceFiles): Running {
  const record = readRecord(files);
  const found: Running['found'] = [];
  const server = isAliveOrNone(record?.server) ?? findServer(files);
  const worker = isAliveOrNone(record?.worker) ?? findWorker(files);
  if (server && server !== record?.server) found.push('server');
  if (worker && worker !== record?.worker) found.push('worker');
  if (found.length === 0) return { record, found };
  const known: ServiceRecord = { orch_version: '', ...record };
  return { record: { ...known, ...defined({ server, worker }) }, found };
}

function isAliveOrNone<T extends ServerRecord | WorkerRecord>(process: T | undefined): T | undefined {
  return process && isAlive(process) ? process : undefined;
}

function findServer(files: ServiceFiles): ServerRecord | undefined {
  const entry = processesNaming('start-dev').find((candidate) =>
    isSamePath(optionOf(candidate, '--db-filename'), files.database),
  );
  const identity = entry && identify(entry.pid);
  if (!identity) return undefined;
  const { binary, ports, settings } = readServerArguments(entry);
  const unknown = { cli: 'unknown', server: 'unknown' };
  return {
    ...identity,
    started_at: startedAt(entry),
    address: `${LOOPBACK}:${ports.grpc}`,
    ports,
    settings,
    binary,
    version: recordedVersion(files) ?? unknown,
    log_start: 0,
    settled: false,
  };
}

function findWorker(files: ServiceFiles): WorkerRecord | undefined {
  const own = processesNaming('--service-dir').flatMap((entry) => {
    const said = readWorkerArguments(entry);
    return said && isSamePath(said.service_dir, files.dir) ? [{ entry, said }] : [];
  });
  const [worker] = own;
  const identity = worker && identify(worker.entry.pid);
  if (!identity) return undefined;
  const { service_dir: _, ...said } = worker.said;
  return { ...identity, started_at: startedAt(worker.entry), ...said };
}

/** Another user, or a call with another spelling of the same folder, may have started it. */
function isSamePath(path: string | undefined, other: string): boolean {
  if (path === undefined) return false;
  return path === other || real(path) === real(other);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Where `/proc` tells it; else the time of the look. */
function startedAt({ pid }: TableEntry): string {
  return (statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.ctime ?? new Date()).toISOString();
}
