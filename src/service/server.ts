import { chmodSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Env } from '../records/paths.js';
import { startInBackground, type Background } from './background.js';
import { afterOpening, beforeOpening } from './database-version.js';
import { lastingEnv } from './environment.js';
import type { ServiceError } from './errors.js';
import { failureLines, readLog, type ServiceFiles } from './files.js';
import { keepClosedRuns, waitUntilHealthy } from './health.js';
import { LOOPBACK, choosePorts, type Ports } from './ports.js';
import { isAlive, stopProcess } from '../host/process-identity.js';
import type { ServerRecord } from './record.js';
import { CURRENT_SETTINGS, serverArguments } from './server-arguments.js';
import { startFailure } from './start-failure.js';
import type { TemporalBinary } from './temporal-binary.js';

/** From nothing to healthy takes about a second; a busy machine many times that. Milliseconds. */
const START_TIMEOUT_MS = 60_000;

/** How long a server may take to close its database before it is killed. Milliseconds. */
export const SERVER_STOP_MS = 15_000;

/** The server takes further ports by itself, which another process may snatch in between. */
const MAX_TRIES = 3;

/** After so long a server that says nothing is believed to hold its port. Milliseconds. */
const SILENT_MS = 10_000;

const POLL_MS = 20;

export interface StartServerOptions {
  files: ServiceFiles;
  env: Env;
  binary: TemporalBinary;
  /** The ports of the server that this one replaces, so that its clients find it again. */
  ports?: Ports | undefined;
  /** Called as soon as the process exists, before it is healthy. */
  onSpawn: (server: ServerRecord) => void;
}

/**
 * Starts the dev server on the state folder's database and waits until it is healthy.
 *
 * @throws ServiceError `service_start_failed`, with the end of the server's log
 */
export async function startServer(options: StartServerOptions): Promise<ServerRecord> {
  for (let attempt = 1; ; attempt++) {
    beforeOpening(options.files, options.binary.version);
    const ports = await choosePorts(options.ports);
    const server = await spawnServer(options, ports);
    options.onSpawn(server);
    if (await comesUp(options.files, server)) return { ...server, settled: true };
    const hung = isAlive(server);
    await stopProcess(server, SERVER_STOP_MS);
    const log = failureLines(options.files.serverLog, server.log_start);
    if (!isPortConflict(log) || attempt === MAX_TRIES) throw startFailed(options.files, log, hung);
  }
}

/** Waits until a server that was just started is up, and sees to what it still needs; resolves to whether it is. */
export async function comesUp(files: ServiceFiles, server: ServerRecord): Promise<boolean> {
  const alive = () => isAlive(server);
  if (!(await waitUntilHealthy(server.ports.grpc, START_TIMEOUT_MS, alive))) return false;
  if (!(await holdsItsPort(files, server))) return false;
  await settle(files, server.ports);
  return true;
}

/**
 * Whether the one that answers at the port is this server. Where two servers were about to take a port, the one that
 * lost lives on for a moment, and it is the other one that answers. A server says that it listens once it does;
 * one that says it in other words is believed when it is still there after a while.
 */
async function holdsItsPort(files: ServiceFiles, server: ServerRecord): Promise<boolean> {
  const deadline = performance.now() + SILENT_MS;
  while (isAlive(server)) {
    if (/^.*Server:\s+\S+:\d+/m.test(readLog(files.serverLog, server.log_start))) return true;
    if (performance.now() > deadline) return true;
    await sleep(POLL_MS);
  }
  return false;
}

async function settle(files: ServiceFiles, ports: Ports): Promise<void> {
  afterOpening(files);
  // SQLite gives its other files the rights of the main one; those that exist already are mended here.
  for (const path of [files.database, `${files.database}-wal`, `${files.database}-shm`]) {
    if (existsSync(path)) chmodSync(path, 0o600);
  }
  await keepClosedRuns(ports.grpc);
}

async function spawnServer(options: StartServerOptions, ports: Ports): Promise<ServerRecord> {
  const { binary } = options;
  const { identity, logStart } = await spawnOrExplain(options, ports);
  return {
    ...identity,
    started_at: new Date().toISOString(),
    address: `${LOOPBACK}:${ports.grpc}`,
    ports,
    settings: CURRENT_SETTINGS,
    binary: binary.path,
    version: binary.version,
    log_start: logStart,
    settled: false,
  };
}

async function spawnOrExplain({ files, env, binary }: StartServerOptions, ports: Ports): Promise<Background> {
  const args = serverArguments(files, ports);
  try {
    return await startInBackground({
      file: binary.path,
      args,
      cwd: files.dir,
      env: lastingEnv(env),
      log: files.serverLog,
    });
  } catch (error) {
    throw startFailed(files, [String(error)], false);
  }
}

function isPortConflict(log: string[]): boolean {
  return log.some((line) => /address already in use|can't set [\w ]+ port/i.test(line));
}

function startFailed(files: ServiceFiles, log: string[], hung: boolean): ServiceError {
  const how = hung ? `did not become healthy within ${START_TIMEOUT_MS / 1000} s` : 'ended while it started';
  const what = `the embedded Temporal server ${how}`;
  return startFailure(files, { code: 'service_start_failed', what, log, logFile: files.serverLog });
}
