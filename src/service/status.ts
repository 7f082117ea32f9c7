import { stateDir, type Env } from '../records/paths.js';
import { workerProgram } from './build-id.js';
import { recordedVersion } from './database-version.js';
import { serviceFiles, type ServiceFiles } from './files.js';
import { isHealthy, retentionSeconds } from './health.js';
import { isAlive } from './process-identity.js';
import { readRecord, type ServerRecord, type ServiceRecord, type WorkerRecord } from './record.js';
import type { TemporalVersion } from './temporal-version.js';
import { isReady } from './worker-process.js';

/** How long a server may take to answer before it is called unhealthy. Milliseconds. */
const ANSWER_MS = 3_000;

export interface ServerStatus {
  state: 'stopped' | 'running' | 'unhealthy';
  pid?: number;
  address?: string;
  ui_url?: string;
  http_port?: number;
  binary?: string;
  version?: TemporalVersion;
  started_at?: string;
  /** How long closed runs are kept. */
  retention_sec?: number;
}

export interface WorkerStatus {
  /** `stale`: it runs another build than this orch, or polls another address; the next start replaces it. */
  state: 'stopped' | 'running' | 'starting' | 'stale';
  pid?: number;
  build_id?: string;
  started_at?: string;
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
  const record = readRecord(files);
  const databaseVersion = recordedVersion(files);
  return {
    server: await serverStatus(record?.server),
    worker: workerStatus(files, record, workerProgram(options.workerEntry).buildId),
    ...(databaseVersion && { database_version: databaseVersion }),
    files,
  };
}

/** Where the embedded service's server is, if it lives. It is not asked whether it is well: whoever connects finds out. */
export function runningServer(env: Env): { address: string; ui_url: string } | undefined {
  const server = readRecord(serviceFiles(stateDir(env)))?.server;
  return server !== undefined && isAlive(server) ? server : undefined;
}

async function serverStatus(server: ServerRecord | undefined): Promise<ServerStatus> {
  if (!server || !isAlive(server)) return { state: 'stopped' };
  const { pid, address, ui_url, binary, version, started_at, ports } = server;
  const known = { pid, address, ui_url, http_port: ports.http, binary, version, started_at };
  if (!(await isHealthy(ports.grpc, ANSWER_MS))) return { state: 'unhealthy', ...known };
  // It may end between two questions.
  const retention = await retentionSeconds(ports.grpc).catch(() => undefined);
  return { state: 'running', ...known, ...(retention !== undefined && { retention_sec: retention }) };
}

function workerStatus(files: ServiceFiles, record: ServiceRecord | undefined, buildId: string): WorkerStatus {
  const worker = record?.worker;
  if (!worker || !isAlive(worker)) return { state: 'stopped' };
  const known = { pid: worker.pid, build_id: worker.build_id, started_at: worker.started_at };
  if (isStale(worker, record, buildId)) return { state: 'stale', ...known };
  return { state: isReady(files, worker) ? 'running' : 'starting', ...known };
}

function isStale(worker: WorkerRecord, record: ServiceRecord | undefined, buildId: string): boolean {
  return worker.build_id !== buildId || worker.address !== record?.server?.address;
}
