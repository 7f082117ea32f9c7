import { readFileSync } from 'node:fs';
import { stateDir, type Env } from '../records/paths.js';
import { workerProgram } from './build-id.js';
import { recordedVersion } from './database-version.js';
import { serviceFiles, type ServiceFiles } from './files.js';
import { findRunning } from './find-running.js';
import { isHealthy, retentionSeconds } from './health.js';
import { webUiUrl } from './info.js';
import { isAlive } from '../host/process-identity.js';
import { readRecord, type ServiceRecord, type WorkerRecord } from './record.js';
import { restartsText } from './restarts.js';
import type { TemporalVersion } from './temporal-version.js';
import { isReady } from './worker-process.js';
import { defined } from '../basics/defined.js';

/** How long a server may take to answer before it is called unhealthy. Milliseconds. */
const ANSWER_MS = 3_000;

export interface ServerStatus {
  state: 'stopped' | 'running' | 'unhealthy';
  pid?: number;
  address?: string;
  ui_url?: string;
  binary?: string;
  version?: TemporalVersion;
  started_at?: string;
  /** How long closed runs are kept. */
  retention_sec?: number;
}

interface WorkerStatus {
  /** `stale`: it runs another build than this orch, or polls another address; the next start replaces it. */
  state: 'stopped' | 'running' | 'starting' | 'stale';
  pid?: number;
  build_id?: string;
  started_at?: string;
  /** Set where it dies over and over: how often. */
  trouble?: string;
}

/** What of the embedded service runs, and where its files are. */
export interface ServiceStatus {
  server: ServerStatus;
  worker: WorkerStatus;
  /** The version that first opened the database. */
  database_version?: TemporalVersion;
  files: ServiceFiles;
}

export interface StatusOptions {
  env: Env;
  /** As given to `ensureService`. */
  workerEntry?: string;
}

/** Looks at the embedded service of the state folder. Changes nothing, starts nothing. */
export async function serviceStatus(options: StatusOptions): Promise<ServiceStatus> {
  const files = serviceFiles(stateDir(options.env));
  const { record } = findRunning(files);
  const databaseVersion = recordedVersion(files);
  return {
    server: await serverStatus(record),
    worker: workerStatus(files, record, workerProgram(options.workerEntry).buildId),
    ...defined({ database_version: databaseVersion }),
    files,
  };
}

/** Where the embedded service's server is, if it lives. It is not asked whether it is well: whoever connects finds out. */
export function runningServer(env: Env): { address: string; ui_url?: string } | undefined {
  const { server, worker } = findRunning(serviceFiles(stateDir(env))).record ?? {};
  if (server === undefined || !isAlive(server)) return undefined;
  return { address: server.address, ...(worker && { ui_url: webUiUrl(worker) }) };
}

async function serverStatus({ server, worker }: Partial<ServiceRecord> = {}): Promise<ServerStatus> {
  if (!server || !isAlive(server)) return { state: 'stopped' };
  const { pid, address, binary, version, started_at, ports } = server;
  const known = { pid, address, binary, version, started_at, ...(worker && { ui_url: webUiUrl(worker) }) };
  if (!(await isHealthy(ports.grpc, ANSWER_MS))) return { state: 'unhealthy', ...known };
  // It may end between two questions.
  const retention = await retentionSeconds(ports.grpc).catch(() => undefined);
  return { state: 'running', ...known, ...defined({ retention_sec: retention }) };
}

/** Whether the embedded service's worker lives. */
export function workerRuns(env: Env): boolean {
  const { worker } = findRunning(serviceFiles(stateDir(env))).record ?? {};
  return worker !== undefined && isAlive(worker);
}

/** The environment that the embedded service's worker was started with; undefined where none runs, or the system does not tell. */
export function workerVariables(env: Env): ReadonlyMap<string, string> | undefined {
  const { worker } = findRunning(serviceFiles(stateDir(env))).record ?? {};
  if (worker === undefined || !isAlive(worker)) return undefined;
  try {
    const entries = readFileSync(`/proc/${worker.pid}/environ`, 'utf8').split('\0').filter(Boolean);
    return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
  } catch {
    return undefined;
  }
}

/** Says that the embedded worker dies over and over; undefined where it does not. */
export function workerTrouble(env: Env): string | undefined {
  const files = serviceFiles(stateDir(env));
  const trouble = restartsText(readRecord(files), 'worker');
  return trouble === undefined ? undefined : `${trouble}; its log is ${files.workerLog}`;
}

function workerStatus(files: ServiceFiles, record: ServiceRecord | undefined, buildId: string): WorkerStatus {
  const worker = record?.worker;
  const trouble = restartsText(record, 'worker');
  const troubled = defined({ trouble });
  if (!worker || !isAlive(worker)) return { state: 'stopped', ...troubled };
  const known = { ...troubled, pid: worker.pid, build_id: worker.build_id, started_at: worker.started_at };
  if (isStale(worker, record, buildId)) return { state: 'stale', ...known };
  return { state: isReady(files, worker) ? 'running' : 'starting', ...known };
}

function isStale(worker: WorkerRecord, record: ServiceRecord | undefined, buildId: string): boolean {
  const { server } = record ?? {};
  return worker.build_id !== buildId || worker.address !== server?.address || worker.web_ui_target !== server.ports.ui;
}
