import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureService } from '../../src/service/ensure.js';
import type { ServiceInfo } from '../../src/service/info.js';
import { identify, isAlive } from '../../src/host/process-identity.js';
import { readRecord } from '../../src/service/record.js';
import {
  cleanUp,
  compiledService,
  fakeTemporal,
  newPlace,
  newRealPlace,
  runModule,
  script,
  start,
  until,
  versionLine,
  type Place,
} from './rig.js';

const LONG = { timeout: 60_000 };

afterEach(cleanUp, 30_000);

describe('several processes', () => {
  let dist: string;
  beforeEach(() => {
    dist = compiledService();
  });

  it('that start the service at once get one server and one worker', LONG, async () => {
    const place = await newRealPlace();
    const text = starterText(dist, place);
    const infos = (await Promise.all([1, 2, 3, 4, 5].map(() => runModule(text, place.env)))) as ServiceInfo[];
    expect(new Set(infos.map((info) => info.server_pid)).size).toBe(1);
    expect(new Set(infos.map((info) => info.worker_pid)).size).toBe(1);
    expect(infos.flatMap((info) => info.started).sort()).toEqual(['server', 'worker']);
    // Counted from outside, too: no other server has this database.
    if (process.platform === 'linux') expect(processesNaming(place.files.database)).toHaveLength(1);
    expect(existsSync(place.files.lock)).toBe(false);
  });

  it('may be killed while they start it: the next one goes on with what is there', LONG, async () => {
    const place = await newRealPlace();
    const starter = start(process.execPath, ['--input-type=module', '-e', starterText(dist, place)], place.env);
    await until('a server is recorded', () => readRecord(place.files)?.server !== undefined);
    starter.kill('SIGKILL');
    const server = readRecord(place.files)?.server;
    const info = await ensureService(place);
    expect(info.server_pid).toBe(server?.pid);
    expect(JSON.parse(readFileSync(place.files.databaseVersion, 'utf8'))).toMatchObject({ complete: true });
  });
});

describe('a start that fails', () => {
  it('says what the server said, and leaves nothing running', LONG, async () => {
    const place = newPlace();
    const lines = [
      `if [ "$1" = --version ]; then ${versionLine('1.5.1', '1.29.1')}; exit; fi`,
      'echo "disk is on fire"',
    ];
    place.env.ORCH_TEMPORAL_CLI = script(dirname(place.files.state), 'temporal', ...lines, 'exit 1');
    await expect(ensureService(place)).rejects.toMatchObject({
      code: 'service_start_failed',
      message: 'the embedded Temporal server ended while it started\n  disk is on fire',
      hint: `its full log is ${place.files.serverLog}`,
    });
    expect(existsSync(place.files.lock)).toBe(false);
  });

  it('says what the worker said; the server stays for the next try', LONG, async () => {
    const place = await newRealPlace();
    const good = place.workerEntry;
    const bad = join(dirname(good), 'bad.mjs');
    writeFileSync(bad, 'console.error("no bundle"); process.exitCode = 1;');
    await expect(ensureService({ ...place, workerEntry: bad })).rejects.toMatchObject({
      code: 'worker_start_failed',
      message: 'the embedded worker ended while it started\n  no bundle',
    });
    expect((await ensureService(place)).started).toEqual(['worker']);
  });

  it('is told apart where the state folder cannot be written', async () => {
    const place = newPlace();
    writeFileSync(place.files.state, 'a file in its place');
    await expect(ensureService(place)).rejects.toMatchObject({ code: 'state_dir_unwritable' });
  });

  it('starts nothing where the signing key is not safe', async () => {
    const place = newPlace();
    mkdirSync(place.files.dir, { recursive: true, mode: 0o700 });
    symlinkSync(join(place.files.dir, 'elsewhere'), place.files.signingKey);
    await expect(ensureService(place)).rejects.toMatchObject({ code: 'signing_key_unsafe' });
    expect(readRecord(place.files)).toBeUndefined();
  });

  it('does not wait without end for another process that starts it', async () => {
    const place = newPlace();
    place.env.ORCH_TEMPORAL_CLI = fakeTemporal(dirname(place.files.state), '1.5.1', '1.29.1');
    mkdirSync(place.files.dir, { recursive: true, mode: 0o700 });
    writeFileSync(place.files.lock, JSON.stringify({ ...identify(process.pid), token: 'busy' }));
    const progress: string[] = [];
    const options = { ...place, lockTimeoutMs: 50, onProgress: (line: string) => progress.push(line) };
    await expect(ensureService(options)).rejects.toMatchObject({ code: 'service_lock_timeout' });
    expect(progress).toEqual([`waiting for process ${process.pid}, which is starting or stopping the service`]);
  });
});

describe('the database', () => {
  it('is opened by no other version than the first one', LONG, async () => {
    const place = await newRealPlace();
    const info = await ensureService(place);
    const { server, worker } = readRecord(place.files) ?? {};
    if (server) process.kill(server.pid, 'SIGKILL');
    await until('the server is gone', () => !server || !isAlive(server));
    const path = fakeTemporal(join(dirname(place.files.state), 'other'), '1.9.0', '1.31.0');
    const error = ensureService({ ...place, env: { ...place.env, ORCH_TEMPORAL_CLI: path } });
    await expect(error).rejects.toMatchObject({ code: 'temporal_version_mismatch' });
    expect(worker && isAlive(worker)).toBe(true);
    expect((await ensureService(place)).version).toEqual(info.version);
  });

  it('is made anew where the first server was killed while it made it', LONG, async () => {
    const place = await newRealPlace();
    mkdirSync(place.files.dir, { recursive: true, mode: 0o700 });
    writeFileSync(place.files.database, '');
    writeFileSync(place.files.databaseVersion, JSON.stringify({ cli: '1.5.1', server: '1.29.1', complete: false }));
    expect((await ensureService(place)).started).toEqual(['server', 'worker']);
    expect(existsSync(`${place.files.database}.incomplete`)).toBe(true);
  });
});

function starterText(dist: string, place: Place): string {
  return `
    import { ensureService } from '${dist}/ensure.js';
    const info = await ensureService({ env: process.env, workerEntry: '${place.workerEntry}' });
    console.log(JSON.stringify(info));`;
}

function processesNaming(text: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(`--db-filename ${text}`));
}
