import { NAMESPACE } from './health.js';
import { LOOPBACK } from './ports.js';
import type { ServiceFiles } from './files.js';
import type { ServiceRecord, WorkerRecord } from './record.js';
import type { TemporalVersion } from './temporal-version.js';

/** The running embedded service. */
export interface ServiceInfo {
  /** host:port of the gRPC interface. */
  address: string;
  namespace: string;
  /** The Web UI, without a slash at the end. */
  ui_url: string;
  server_pid: number;
  worker_pid: number;
  /** Temporal's. */
  version: TemporalVersion;
  state_dir: string;
  server_log: string;
  worker_log: string;
  /** When the server was started, RFC 3339. */
  started_at: string;
  /** What this call started; empty where all was running. */
  started: ('server' | 'worker')[];
}

/** What the record of a running service says to callers. */
export function serviceInfo(files: ServiceFiles, record: ServiceRecord, started: ServiceInfo['started']): ServiceInfo {
  const { server, worker } = record;
  if (!server || !worker) throw new Error('Internal error: the service is not complete');
  return {
    address: server.address,
    namespace: NAMESPACE,
    ui_url: webUiUrl(worker),
    server_pid: server.pid,
    worker_pid: worker.pid,
    version: server.version,
    state_dir: files.state,
    server_log: files.serverLog,
    worker_log: files.workerLog,
    started_at: server.started_at,
    started,
  };
}

/** Where a worker opens the Web UI, without a slash at the end. */
export function webUiUrl(worker: WorkerRecord): string {
  return `http://${LOOPBACK}:${worker.web_ui_port}`;
}
