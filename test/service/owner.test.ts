import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureService } from '../../src/service/ensure.js';
import type { ServiceInfo } from '../../src/service/info.js';
import { choosePorts } from '../../src/service/ports.js';
import { isAlive } from '../../src/host/process-identity.js';
import { processesNaming } from '../../src/service/process-table.js';
import { readRecord, writeRecord } from '../../src/service/record.js';
import { serverArguments } from '../../src/service/server-arguments.js';
import { runningServer, serviceStatus } from '../../src/service/status.js';
import { stopService } from '../../src/service/stop.js';
import { cleanUp, newRealPlace, start, type Place } from './rig.js';

const LONG = { timeout: 60_000 };

let place: Place;
let info: ServiceInfo;
let progress: string[];

beforeEach(async () => {
  place = await newRealPlace();
  progress = [];
  info = await ensureService(place);
}, 60_000);

afterEach(async () => {
  await stopService(place);
  await cleanUp();
}, 60_000);

/** The servers on the database, seen from outside. */
const servers = (): number[] => processesNaming(place.files.database).map(({ pid }) => pid);
const again = (): Promise<ServiceInfo> => ensureService({ ...place, onProgress: (line) => progress.push(line) });

describe.runIf(process.platform === 'linux')('where the record of what runs is lost', () => {
  it.each([
    ['is gone', (path: string) => rmSync(path)],
    ['cannot be read', (path: string) => writeFileSync(path, '{"server":')],
    ['is empty', (path: string) => writeFileSync(path, '')],
    [
      'is a folder’s link to nothing',
      (path: string) => {
        rmSync(path);
        symlinkSync('/nowhere', path);
      },
    ],
  ])('because it %s, the server and the worker are found again', LONG, async (_how, lose) => {
    lose(place.files.record);
    expect(runningServer(place.env)).toEqual({ address: info.address, ui_url: info.ui_url });
    expect((await serviceStatus(place)).server).toMatchObject({ state: 'running', pid: info.server_pid });
    expect(await again()).toEqual({ ...info, started_at: expect.any(String), started: [] });
    expect(servers()).toEqual([info.server_pid]);
    expect(progress[0]).toBe(
      `service.json does not list what is running: the server (process ${info.server_pid}) and the worker (process ${info.worker_pid})`,
    );
    expect(readRecord(place.files)?.server?.pid).toBe(info.server_pid);
  });

  it('the stop ends both all the same', LONG, async () => {
    rmSync(place.files.record);
    expect((await stopService(place)).stopped).toEqual(['worker', 'server']);
    expect(servers()).toEqual([]);
  });

  it('they are found under another name of the same folder', LONG, async () => {
    rmSync(place.files.record);
    const alias = join(dirname(place.files.state), 'alias');
    symlinkSync(place.files.state, alias);
    const found = await ensureService({ ...place, env: { ...place.env, ORCH_STATE_DIR: alias } });
    expect(found).toMatchObject({ server_pid: info.server_pid, worker_pid: info.worker_pid, started: [] });
  });

  it('an old record that names dead processes does not hide those that live', LONG, async () => {
    const record = readRecord(place.files);
    if (!record?.server || !record.worker) throw new Error('nothing is recorded');
    const dead = { start_time: 'of an earlier boot' };
    writeRecord(place.files, {
      ...record,
      server: { ...record.server, ...dead },
      worker: { ...record.worker, ...dead },
    });
    expect(await again()).toMatchObject({ server_pid: info.server_pid, worker_pid: info.worker_pid, started: [] });
    expect(servers()).toEqual([info.server_pid]);
  });
});

it('a server that was told something else, by another orch, is replaced on the same database', LONG, async () => {
  const record = readRecord(place.files);
  if (!record?.server) throw new Error('nothing is recorded');
  writeRecord(place.files, { ...record, server: { ...record.server, settings: 'other' } });
  expect(await again()).toMatchObject({ address: info.address, started: expect.arrayContaining(['server']) });
  expect(progress).toContain(
    `the server (process ${info.server_pid}) was started by another version of orch; replacing it`,
  );
  expect(isAlive(record.server)).toBe(false);
});

it('the database is locked by the server itself: another one that nobody knows of gets nowhere', LONG, async () => {
  const binary = place.env['ORCH_TEMPORAL_CLI'] ?? '';
  const other = start(binary, serverArguments(place.files, await choosePorts()));
  let said = '';
  other.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  expect(await new Promise((resolve) => other.once('close', resolve))).toBe(1);
  expect(said).toMatch(/database is locked/);
});
