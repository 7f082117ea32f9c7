import { appendFileSync, existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { afterEach, expect, it } from 'vitest';
import { ensureService } from '../../src/service/ensure.js';
import { splitAddress } from '../../src/service/ports.js';
import { identify, isAlive, type ProcessIdentity } from '../../src/host/process-identity.js';
import { readRecord, writeRecord, type ServiceRecord } from '../../src/service/record.js';
import { serviceStatus } from '../../src/service/status.js';
import { stopService } from '../../src/service/stop.js';
import { cleanUp, newRealPlace, start, until, type Place } from './rig.js';

/** The very first run may have to fetch Temporal; all others take a second or two. */
const LONG = { timeout: 60_000 };

afterEach(cleanUp, 30_000);

it('starts a server and a worker, closed to others, and leaves them alone when asked again', LONG, async () => {
  const place = await newRealPlace();
  const info = await ensureService(place);
  expect(info).toMatchObject({ namespace: 'default', state_dir: place.files.state, started: ['server', 'worker'] });
  expect(await ensureService(place)).toEqual({ ...info, started: [] });
  for (const path of [place.files.record, place.files.database, place.files.serverLog, place.files.signingKey]) {
    expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o600]);
  }
  expect(statSync(place.files.dir).mode & 0o777).toBe(0o700);
  const status = await serviceStatus(place);
  expect(status).toMatchObject({
    server: { state: 'running', pid: info.server_pid, address: info.address, retention_sec: 30 * 24 * 3600 },
    worker: { state: 'running', pid: info.worker_pid },
    database_version: info.version,
  });
  // The guard in front of it is the worker's, and this worker is none.
  expect(await get(recordOf(place).server.ports.ui)).toBe(200);
});

it('gives the worker its address and its folder, and nothing of the call that started it', LONG, async () => {
  const place = await newRealPlace({
    KEPT: 'yes',
    ORCH_RUN_ID: 'outer',
    TEMPORAL_PROFILE: 'other',
    npm_lifecycle_event: 'test',
    INIT_CWD: '/',
  });
  const info = await ensureService(place);
  const said = JSON.parse(readFileSync(place.files.workerLog, 'utf8')) as { cwd: string; env: Record<string, string> };
  expect(said.cwd).toBe(place.files.dir);
  expect(said.env).toMatchObject({
    KEPT: 'yes',
    TEMPORAL_ADDRESS: info.address,
    TEMPORAL_NAMESPACE: 'default',
    ORCH_STATE_DIR: place.files.state,
    ORCH_EMBEDDED: '1',
    ORCH_READY_FILE: place.files.workerReady,
  });
  for (const name of ['ORCH_RUN_ID', 'ORCH_TEMPORAL_CLI', 'TEMPORAL_PROFILE', 'npm_lifecycle_event', 'INIT_CWD']) {
    expect(said.env).not.toHaveProperty(name);
  }
});

it('puts another server on the same database and ports where one was killed, and keeps the worker', LONG, async () => {
  const place = await newRealPlace();
  const before = await ensureService(place);
  await startWorkflow(before.address, 'kept');
  process.kill(before.server_pid, 'SIGKILL');
  await until('the server is gone', () => !isAlive(recordOf(place).server));
  const after = await ensureService(place);
  expect(after).toMatchObject({ address: before.address, ui_url: before.ui_url, started: ['server'] });
  expect(after.worker_pid).toBe(before.worker_pid);
  expect(after.server_pid).not.toBe(before.server_pid);
  expect(await workflowIds(after.address)).toEqual(['kept']);
});

it('replaces a worker that was killed or is of another build, and keeps the server', LONG, async () => {
  const place = await newRealPlace();
  const first = await ensureService(place);
  process.kill(first.worker_pid, 'SIGKILL');
  await until('the worker is gone', () => !isAlive(recordOf(place).worker));
  const second = await ensureService(place);
  expect(second).toMatchObject({ server_pid: first.server_pid, started: ['worker'] });
  utimesSync(place.workerEntry, new Date(1_000), new Date(1_000)); // built again, and the same
  expect((await serviceStatus(place)).worker.state).toBe('running');
  appendFileSync(place.workerEntry, '// another build\n');
  expect((await serviceStatus(place)).worker.state).toBe('stale');
  const old = recordOf(place).worker;
  const third = await ensureService(place);
  expect(third).toMatchObject({ server_pid: first.server_pid, started: ['worker'] });
  expect(third.worker_pid).not.toBe(second.worker_pid);
  expect(isAlive(old)).toBe(false);
});

it('takes other ports where the wanted ones are taken, and tells the worker', LONG, async () => {
  const place = await newRealPlace();
  const before = await ensureService(place);
  process.kill(before.server_pid, 'SIGKILL');
  await until('the server is gone', () => !isAlive(recordOf(place).server));
  const { ports } = recordOf(place).server;
  const squatters = await Promise.all(Object.values(ports).map(occupy)); // numbers, and host:port
  const after = await ensureService(place);
  for (const squatter of squatters) squatter.close();
  expect(after.started).toEqual(['server', 'worker']);
  const now = Object.values(recordOf(place).server.ports);
  for (const port of Object.values(ports)) expect(now).not.toContain(port);
  expect(recordOf(place).worker.address).toBe(after.address);
});

it('stops what it started and nothing else', LONG, async () => {
  const [place, other] = [await newRealPlace(), await newRealPlace()];
  const [mine, theirs] = await Promise.all([ensureService(place), ensureService(other)]);
  expect(mine.address).not.toBe(theirs.address);
  const before = recordOf(place);
  expect(await stopService(place)).toEqual({ stopped: ['worker', 'server'], state_dir: place.files.state });
  expect([before.server, before.worker].some(isAlive)).toBe(false);
  expect(existsSync(place.files.record)).toBe(false);
  expect((await serviceStatus(other)).server.state).toBe('running');
  expect(await stopService(place)).toEqual({ stopped: [], state_dir: place.files.state });
  expect((await serviceStatus(place)).server).toEqual({ state: 'stopped' });
  expect((await ensureService(place)).ui_url).toBe(mine.ui_url);
});

it('leaves a process alone that was given the pid of a dead one', LONG, async () => {
  const place = await newRealPlace();
  await ensureService(place);
  const record = recordOf(place);
  await stopService(place);
  const stranger = identityOf(start('sleep', ['60']).pid);
  // The record as it would stand after a crash, once the pids were given out anew.
  writeRecord(place.files, {
    ...record,
    server: { ...record.server, pid: stranger.pid },
    worker: { ...record.worker, pid: stranger.pid },
  });
  expect(await stopService(place)).toMatchObject({ stopped: [] });
  writeRecord(place.files, { ...record, server: { ...record.server, pid: stranger.pid } });
  expect((await ensureService(place)).started).toEqual(['server', 'worker']);
  expect(isAlive(stranger)).toBe(true);
});

interface FullRecord extends ServiceRecord {
  server: NonNullable<ServiceRecord['server']>;
  worker: NonNullable<ServiceRecord['worker']>;
}

function recordOf(place: Place): FullRecord {
  const record = readRecord(place.files);
  if (!record?.server || !record.worker) throw new Error('nothing is recorded');
  return record as FullRecord;
}

function identityOf(pid: number | undefined): ProcessIdentity {
  const identity = identify(pid ?? 0);
  if (!identity) throw new Error('the process did not start');
  return identity;
}

function occupy(at: number | string): Promise<{ close: () => void }> {
  const where = typeof at === 'number' ? { host: '127.0.0.1', port: at } : splitAddress(at);
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(where, () => resolve(server));
  });
}

/** The status of an answer. Not by `fetch`, which keeps to the ports of browsers. */
function get(address: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(splitAddress(address), (answer) => resolve(answer.resume().statusCode))
      .once('error', reject)
      .end();
  });
}

async function startWorkflow(address: string, workflowId: string): Promise<void> {
  const connection = await Connection.connect({ address });
  await new Client({ connection }).workflow.start('nobodyRunsIt', { workflowId, taskQueue: 'none' });
  await connection.close();
}

async function workflowIds(address: string): Promise<string[]> {
  const connection = await Connection.connect({ address });
  const ids: string[] = [];
  for await (const workflow of new Client({ connection }).workflow.list()) ids.push(workflow.workflowId);
  await connection.close();
  return ids;
}
