import { stateDir, type Env } from '../records/paths.js';
import { orchVersion, workerProgram, type WorkerProgram } from './build-id.js';
import { recordedVersion } from './database-version.js';
import { prepareServiceDir, serviceFiles, type ServiceFiles } from './files.js';
import { findRunning } from './find-running.js';
import { isHealthy } from './health.js';
import { serviceInfo, type ServiceInfo } from './info.js';
import { withLock } from './lock.js';
import { checkOpenFiles } from './open-files.js';
import { isAlive, stopProcess } from '../host/process-identity.js';
import { readRecord, writeRecord, type ServerRecord, type ServiceRecord, type WorkerRecord } from './record.js';
import { SERVER_STOP_MS, comesUp, startServer } from './server.js';
import { CURRENT_SETTINGS } from './server-arguments.js';
import { ensureSigning } from './signing.js';
import { findTemporalBinary, type TemporalBinary } from './temporal-binary.js';
import { recentRestarts } from './restarts.js';
import { writeWatched } from './watched.js';
import { liveWatcher, startWatcher, stopWatchers, wantsWatcher } from './watcher.js';
import { defined } from '../basics/defined.js';
import { WORKER_STOP_MS, isReady, startWorker, waitUntilReady, type StartedWorker } from './worker-process.js';

/** Starting both takes two minutes at the very worst; stopping, which takes the same lock, half of one. Milliseconds. */
const LOCK_TIMEOUT_MS = 180_000;

/** A server that lives but does not answer for so long is replaced. Milliseconds. */
const UNRESPONSIVE_MS = 20_000;

/** For a first look; a healthy server answers in a few milliseconds. Milliseconds. */
const GLANCE_MS = 2_000;

export interface EnsureServiceOptions {
  env: Env;
  /** Told what is done and what takes long; nothing when all is running. */
  onProgress?: (line: string) => void;
  /** Another program in place of this orch's own worker. */
  workerEntry?: string;
  /**
   * Asks the server that runs for what the caller wants of it first, so that no call is made only to see whether it
   * answers. Default: asks for its namespace.
   *
   * @returns whether it has answered
   */
  greet?: (service: ServiceInfo) => Promise<boolean>;
  /** How long to wait for another process that starts or stops the service. Milliseconds; default 180,000. */
  lockTimeoutMs?: number;
}

/** What a service is brought up with. */
export interface Context {
  files: ServiceFiles;
  env: Env;
  program: WorkerProgram;
  say: (line: string) => void;
  /** What this call has started. */
  started: ('server' | 'worker')[];
  /** Whether it is to be watched from then on; false leaves that as it is. */
  watch: boolean;
}

/**
 * Makes sure that the embedded service of the state folder runs: Temporal's dev server and one worker of this build.
 *
 * What is healthy is left alone, what is dead or stale is replaced: a server on the same database, and where it can be on
 * the same ports. Any number of processes may call it at once.
 *
 * @throws ServiceError
 * @example
 * const { address } = await ensureService({ env: process.env, onProgress: (line) => process.stderr.write(`${line}\n`) });
 */
export async function ensureService(options: EnsureServiceOptions): Promise<ServiceInfo> {
  const files = serviceFiles(stateDir(options.env));
  prepareServiceDir(files);
  ensureSigning(files.state);
  const say = options.onProgress ?? (() => {});
  const { env, workerEntry } = options;
  const watch = wantsWatcher(env);
  const context: Context = { files, env, program: workerProgram(workerEntry), say, started: [], watch };
  const running = await asWanted(context, options.greet);
  if (running) return serviceInfo(files, running, []);
  checkOpenFiles();
  // Before the lock: a build takes minutes, and whoever waits for the lock should not wait for that.
  const binary = liveServer(files) ? undefined : await findBinary(context);
  const timeoutMs = options.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
  const onWait = (pid: number) => say(`waiting for process ${pid}, which is starting or stopping the service`);
  const record = await withLock(files.lock, { timeoutMs, onWait }, () => bringUp(context, binary));
  return serviceInfo(files, record, context.started);
}

/** The service as it should be, or undefined if there is anything to do. */
async function asWanted(
  { files, program, watch }: Context,
  greet: EnsureServiceOptions['greet'],
): Promise<ServiceRecord | undefined> {
  const record = readRecord(files);
  if (!record?.server?.settled || !record.worker) return undefined;
  if (watch && !liveWatcher(record)) return undefined;
  const { server, worker } = record;
  const current = server.settings === CURRENT_SETTINGS && isCurrent(worker, server, program);
  const alive = current && isAlive(server) && isReady(files, worker);
  if (!alive) return undefined;
  const answers = greet ? await greet(serviceInfo(files, record, [])) : await isHealthy(server.ports.grpc, GLANCE_MS);
  return answers ? record : undefined;
}

/** Under the lock. Each process is recorded as soon as it exists, so that an interrupted start leaves no unknown ones. */
export async function bringUp(context: Context, binary: TemporalBinary | undefined): Promise<ServiceRecord> {
  const { files } = context;
  const { record: before, found } = findRunning(files);
  if (found.length > 0) context.say(foundAgain(before, found));
  const record: ServiceRecord = { ...before, orch_version: orchVersion() };
  const { server, early } = await bringUpServer(context, record, binary);
  record.server = server;
  record.worker = await bringUpWorker(context, record, server, early);
  writeWatched(files, record.server, record.worker);
  writeRecord(files, record);
  if (context.watch) await bringUpWatcher(context, record);
  return record;
}

/** Whoever has started the worker starts its watcher, too: it is to start the next one with the same environment. */
async function bringUpWatcher({ files, env, started }: Context, record: ServiceRecord): Promise<void> {
  if (liveWatcher(record) && !started.includes('worker')) return;
  await stopWatchers(files, record);
  record.watcher = await startWatcher(files, env);
  writeRecord(files, record);
}

/** Starts the server where none can be used. A worker that is needed too is started with it, for it takes as long. */
async function bringUpServer(
  context: Context,
  record: ServiceRecord,
  found: TemporalBinary | undefined,
): Promise<{ server: ServerRecord; early?: StartedWorker }> {
  const { files, env, say } = context;
  const old = record.server;
  if (old && (await reuseServer(context, old))) return { server: { ...old, settled: true } };
  const binary = found ?? (await findBinary(context));
  say(`starting Temporal ${binary.version.server} from ${binary.path}`);
  const alone = record.worker !== undefined && isAlive(record.worker);
  let early: Promise<StartedWorker | undefined> = Promise.resolve(undefined);
  const onSpawn = (server: ServerRecord): void => {
    writeRecord(files, Object.assign(record, { server }));
    if (alone) return;
    early = early.then(async (earlier) => {
      await earlier?.stop(); // it waits for a server that could not have its port
      return beginWorker(context, record, server, true);
    });
    early.catch(() => undefined); // thrown where it is awaited
  };
  try {
    const server = await startServer({ files, env, binary, ports: old?.ports, onSpawn });
    context.started.push('server');
    return { server, ...defined({ early: await early }) };
  } catch (error) {
    await early.then((worker) => worker?.stop()).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
}

async function reuseServer({ files, say }: Context, server: ServerRecord): Promise<boolean> {
  if (!isAlive(server)) {
    say(`the server (process ${server.pid}) is gone; starting another one`);
    return false;
  }
  if (server.settings !== CURRENT_SETTINGS) {
    say(`the server (process ${server.pid}) was started by another version of orch; replacing it`);
    await stopProcess(server, SERVER_STOP_MS);
    return false;
  }
  if (!server.settled) say(`waiting for the server (process ${server.pid}) to answer`);
  if (await (server.settled ? answersInTime(server, say) : comesUp(files, server))) return true;
  say(`the server (process ${server.pid}) does not answer; starting another one`);
  await stopProcess(server, SERVER_STOP_MS);
  return false;
}

async function answersInTime(server: ServerRecord, say: (line: string) => void): Promise<boolean> {
  if (await isHealthy(server.ports.grpc, GLANCE_MS)) return true;
  say(`the server (process ${server.pid}) does not answer; waiting for it, ${UNRESPONSIVE_MS / 1000} s at most`);
  return isHealthy(server.ports.grpc, UNRESPONSIVE_MS);
}

async function bringUpWorker(
  context: Context,
  record: ServiceRecord,
  server: ServerRecord,
  early: StartedWorker | undefined,
): Promise<WorkerRecord> {
  const old = record.worker;
  if (!early && old && (await reuseWorker(context, old, server))) return old;
  const started = early ?? (await beginWorker(context, record, server, false));
  const worker = await started.ready();
  context.started.push('worker');
  return worker;
}

function beginWorker(
  { files, env, program }: Context,
  record: ServiceRecord,
  server: ServerRecord,
  early: boolean,
): Promise<StartedWorker> {
  const onSpawn = (worker: WorkerRecord): void => writeRecord(files, Object.assign(record, { worker }));
  const careful = recentRestarts(record, 'worker').length > 0;
  return startWorker({ files, env, program, server, careful, early, onSpawn });
}

async function reuseWorker(
  { files, program, say }: Context,
  worker: WorkerRecord,
  server: ServerRecord,
): Promise<boolean> {
  if (!isAlive(worker)) return false;
  if (isCurrent(worker, server, program) && (await waitUntilReady(files, worker))) return true;
  say(`the worker (process ${worker.pid}) is from another build or serves another address; replacing it`);
  await stopProcess(worker, WORKER_STOP_MS);
  return false;
}

function isCurrent(worker: WorkerRecord, server: ServerRecord, program: WorkerProgram): boolean {
  const { build_id, address, web_ui_target } = worker;
  return build_id === program.buildId && address === server.address && web_ui_target === server.ports.ui;
}

function foundAgain(record: ServiceRecord | undefined, found: readonly ('server' | 'worker')[]): string {
  const names = found.map((name) => `the ${name} (process ${record?.[name]?.pid})`).join(' and ');
  return `service.json does not list what is running: ${names}`;
}

function liveServer(files: ServiceFiles): boolean {
  const server = findRunning(files).record?.server;
  return server?.settings === CURRENT_SETTINGS && isAlive(server);
}

function findBinary({ files, env, say }: Context): Promise<TemporalBinary> {
  return findTemporalBinary({ env, onProgress: say, recorded: recordedVersion(files) });
}
