import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { payloadCodec } from '../../src/temporal/payload-codec.js';
import { BIN, runCli, type CliResult } from '../support/cli.js';
import { eventually, isAlive } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** What a worker needs at most to see that another one is lost: the heartbeat timeout, and a slow machine. */
const TAKE_OVER_MS = 60_000;

// A service of its own: these tests kill its worker.
const state = tempDir();
const dir = tempDir();
const orch = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: dir, env: { ORCH_STATE_DIR: state } });

interface Service {
  server: { pid: number; address: string };
  worker: { pid: number };
}
const service = (): Service => JSON.parse(readFileSync(path.join(state, 'service', 'service.json'), 'utf8')) as Service;
const killWorker = async (): Promise<void> => {
  const { pid } = service().worker;
  process.kill(pid, 'SIGKILL');
  await eventually('the worker is gone', async () => !(await isAlive(pid)));
};

let client: Client;
const connect = async (): Promise<void> => {
  const connection = await Connection.connect({ address: service().server.address });
  client = new Client({ connection, dataConverter: { payloadCodecs: [payloadCodec] } });
};

interface RunJson {
  status: string;
  steps: { id: string; status: string; reason: string | null; attempts: number; exit_code: number | null }[];
}
const ended = async (id: string): Promise<RunJson> => JSON.parse((await orch('watch', id, '--json')).stdout) as RunJson;
const essence = ({ status, steps }: RunJson): unknown[] => [
  status,
  ...steps.map((step) => [step.id, step.status, step.reason]),
];

/** A file that the steps of a test write, below its own folder. */
const text = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const waitFor = (file: string): string => `until [ -e '${file}' ]; do sleep 0.05; done`;

/** The live processes of a run's steps. */
function processesOf(run: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const environment = `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`;
      return environment.includes('\0ORCH_PROCESS_MARK=') && environment.includes(`\0ORCH_RUN_ID=${run}\0`)
        ? [Number(pid)]
        : [];
    } catch {
      return [];
    }
  });
}
const nothingRuns = (run: string, deadlineMs?: number): Promise<true> =>
  eventually(`nothing of ${run} runs`, () => processesOf(run).length === 0, deadlineMs);

/** Starts a plan of steps that are lines of shell, and gives the run's id and a folder for its files. */
async function start(
  prefix: string,
  steps: (files: string) => Record<string, unknown>[],
  call: (...args: string[]) => Promise<CliResult> = orch,
  more: (files: string) => Record<string, unknown> = () => ({}),
): Promise<{ id: string; files: string }> {
  const id = uniqueId(prefix);
  const files = path.join(dir, id);
  const plan = {
    globals: { cwd: files },
    steps: steps(files).map((step) => ({ shell: true, ...step })),
    ...more(files),
  };
  const { code, stderr } = await call('start', writePlan(files, plan), '--id', id);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  runs.push(id);
  return { id, files };
}

const runs: string[] = [];
const children: ChildProcess[] = [];
beforeAll(async () => {
  await orch('up');
  await connect();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const run of runs.splice(0)) for (const pid of processesOf(run)) process.kill(pid, 'SIGKILL');
});
afterAll(async () => {
  await client.connection.close();
  await orch('down', '--stop-steps');
});

describe('the folder of a run', () => {
  test('is deleted while the run goes on: it ends as it would, with whole logs and a whole record', async () => {
    const { id, files } = await start('deleted', (files) => [
      { id: 'a', command: `echo one; ${waitFor(`${files}/go`)}; echo two; echo v=1 >> $ORCH_OUTPUT` },
      { id: 'b', command: 'echo "v $V"', env: { V: '${{ prev.a.outputs.v }}' }, depends_on: ['a'] },
    ]);
    const folder = path.join(state, 'runs', id);
    await eventually('the log has its first line', () => text(path.join(folder, 'steps/a/1/stdout.log')) === 'one\n');
    rmSync(folder, { recursive: true });
    writeFileSync(path.join(files, 'go'), '');
    expect(essence(await ended(id))).toEqual(['succeeded', ['a', 'success', null], ['b', 'success', null]]);
    expect(text(path.join(folder, 'steps/a/1/stdout.log'))).toBe('one\ntwo\n');
    expect(text(path.join(folder, 'steps/b/1/stdout.log'))).toBe('v 1\n');
    expect(text(path.join(folder, 'manifest.json'))).toContain('"status": "succeeded"');
  });

  test('cannot be written from the middle on: steps run, and their outputs go on to others', async () => {
    const { id, files } = await start('unwritable', (files) => [
      { id: 'a', command: `echo one; ${waitFor(`${files}/go`)}; echo v=1 >> $ORCH_OUTPUT` },
      {
        id: 'b',
        command: `echo "v $V" > '${files}/b'; exit 3`,
        env: { V: '${{ prev.a.outputs.v }}' },
        depends_on: ['a'],
      },
    ]);
    const folder = path.join(state, 'runs', id);
    await eventually('the log has its first line', () => text(path.join(folder, 'steps/a/1/stdout.log')) === 'one\n');
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'in the way');
    writeFileSync(path.join(files, 'go'), '');
    expect(essence(await ended(id))).toEqual(['failed', ['a', 'success', null], ['b', 'failed', 'exit_non_zero']]);
    expect(text(path.join(files, 'b'))).toBe('v 1\n');
    rmSync(folder);
  });

  test('is on a full disk: steps run, and the run ends', async (context) => {
    const { id, files } = await start('full', (files) => [
      { id: 'a', command: waitFor(`${files}/go`) },
      { id: 'b', command: 'head -c 3000000 /dev/zero; exit 0', depends_on: ['a'] },
      { id: 'c', command: `echo ran > '${files}/c'`, depends_on: ['b'] },
    ]);
    const folder = path.join(state, 'runs', id);
    await eventually('the record is begun', () => existsSync(path.join(folder, 'manifest.json')));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      writeFileSync(path.join(files, 'go'), '');
      context.skip('no file system may be mounted here');
    }
    try {
      writeFileSync(path.join(files, 'go'), '');
      expect(essence(await ended(id))).toEqual([
        'succeeded',
        ['a', 'success', null],
        ['b', 'success', null],
        ['c', 'success', null],
      ]);
      expect(text(path.join(files, 'c'))).toBe('ran\n');
    } finally {
      execFileSync('umount', ['-l', folder]);
    }
  });
});

describe('a step', () => {
  test('that prints 200 MB leaves the worker small', async () => {
    const { id } = await start('large', () => [{ id: 'a', command: 'head -c 200000000 /dev/zero' }]);
    expect(essence(await ended(id))).toEqual(['succeeded', ['a', 'success', null]]);
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(text(`/proc/${service().worker.pid}/status`))?.[1];
    expect(Number(peak) / 1024).toBeLessThan(400);
    rmSync(path.join(state, 'runs', id, 'steps'), { recursive: true });
  });

  test('that prints too much is stopped, and says so', async () => {
    const { id } = await start('cap', () => [{ id: 'a', command: 'yes', max_output_bytes: 100_000 }]);
    expect(essence(await ended(id))).toEqual(['failed', ['a', 'failed', 'output_cap']]);
    await nothingRuns(id);
  });

  test('that closes its streams is waited for', async () => {
    const { id, files } = await start('closes', (files) => [
      { id: 'a', command: `echo x; exec >&- 2>&-; echo > '${files}/closed'; ${waitFor(`${files}/go`)}; exit 3` },
    ]);
    await eventually('it has closed them', () => existsSync(path.join(files, 'closed')));
    writeFileSync(path.join(files, 'go'), '');
    expect((await ended(id)).steps).toMatchObject([{ status: 'failed', exit_code: 3 }]);
  });

  test('whose child is deaf to TERM is canceled with that child', async () => {
    const { id, files } = await start('deaf', (files) => [
      { id: 'a', grace_sec: 0.5, command: `(trap '' TERM; echo > '${files}/on'; while :; do sleep 1; done)` },
    ]);
    await eventually('the child runs', () => existsSync(path.join(files, 'on')));
    expect((await orch('cancel', id)).code).toBe(0);
    expect(essence(await ended(id))).toMatchObject(['canceled', ['a', 'canceled', expect.anything()]]);
    expect(processesOf(id)).toEqual([]);
  });

  test('that leaves a daemon behind ends, and the daemon lives on', async () => {
    const { id, files } = await start('daemon', (files) => [
      { id: 'a', command: `setsid sh -c 'echo $$ > "${files}/pid"; exec sleep 300' & ${waitFor(`${files}/pid`)}` },
    ]);
    expect(essence(await ended(id))).toEqual(['succeeded', ['a', 'success', null]]);
    expect(processesOf(id)).toEqual([Number(text(path.join(files, 'pid')))]);
  });

  test('that is canceled takes its daemon along', async () => {
    const { id, files } = await start('daemon-canceled', (files) => [
      { id: 'a', command: `setsid sh -c 'echo $$ > "${files}/pid"; exec sleep 300' & sleep 300` },
    ]);
    await eventually('the daemon runs', () => existsSync(path.join(files, 'pid')));
    expect((await orch('cancel', id)).code).toBe(0);
    expect((await ended(id)).status).toBe('canceled');
    expect(processesOf(id)).toEqual([]);
  });
});

describe('a run', () => {
  test('that is canceled while the worker is dead: nothing runs on, and only then does `finally` start', async () => {
    const step = (files: string): string => `echo $$ > '${files}/pid'; sleep 300; echo`;
    const { id, files } = await start(
      'canceled-alone',
      (files) => [{ id: 'a', command: step(files) }],
      orch,
      (files) => ({
        finally: [{ id: 'f', shell: true, command: `kill -0 $(cat '${files}/pid') 2>&1; echo $? > '${files}/alive'` }],
      }),
    );
    await eventually('the step runs', () => existsSync(path.join(files, 'pid')));
    await killWorker();
    await client.workflow.getHandle(id).cancel();
    expect(processesOf(id)).not.toEqual([]);
    await orch('up');
    expect(essence(await ended(id))).toMatchObject([
      'canceled',
      ['a', 'canceled', expect.anything()],
      ['f', 'success', null],
    ]);
    expect(text(path.join(files, 'alive'))).toBe('1\n');
    expect(processesOf(id)).toEqual([]);
  });

  test('that is terminated takes its processes along', async () => {
    const { id, files } = await start('terminated', (files) => [
      { id: 'a', command: `echo > '${files}/on'; sleep 300` },
    ]);
    await eventually('the step runs', () => existsSync(path.join(files, 'on')));
    await client.workflow.getHandle(id).terminate();
    await nothingRuns(id);
  });

  test('that is terminated while the worker is dead loses its processes with the next worker', async () => {
    const { id, files } = await start('terminated-alone', (files) => [
      { id: 'a', command: `echo > '${files}/on'; sleep 300` },
    ]);
    await eventually('the step runs', () => existsSync(path.join(files, 'on')));
    await killWorker();
    await client.workflow.getHandle(id).terminate();
    await orch('up');
    await nothingRuns(id);
  });
});

test('orch down --stop-steps ends what runs: it begins anew, fails with run_once, and what had ended is not done again', async () => {
  const { id, files } = await start('stop-steps', (files) => {
    const begin = (step: string): string => `echo ${step} >> '${files}/ran'`;
    return [
      { id: 'again', command: `${begin('again')}; ${waitFor(`${files}/go`)}` },
      { id: 'once', run_once: true, on_failure: 'continue', command: `${begin('once')}; ${waitFor(`${files}/go`)}` },
      { id: 'over', command: `${begin('over')}; ${waitFor(`${files}/over`)}; echo done >> '${files}/ran'` },
    ];
  });
  const ran = (): string[] => text(path.join(files, 'ran')).trim().split('\n').toSorted();
  await eventually('all run', () => ran().length === 3);
  await killWorker();
  writeFileSync(path.join(files, 'over'), '');
  await eventually('one ends', () => ran().length === 4 && processesOf(id).length < 6);
  const { stdout } = await orch('down', '--stop-steps');
  expect(stdout).toContain('2 steps ended; the next `orch up` begins them anew');
  expect(processesOf(id)).toEqual([]);
  await client.connection.close();
  await orch('up');
  await connect();
  await eventually('it begins anew', () => ran().length === 5, TAKE_OVER_MS);
  writeFileSync(path.join(files, 'go'), '');
  expect(essence(await ended(id))).toEqual([
    'failed',
    ['again', 'success', null],
    ['once', 'failed', 'lost'],
    ['over', 'success', null],
  ]);
  expect(ran()).toEqual(['again', 'again', 'done', 'once', 'over']);
});

describe('workers with state folders of their own, on one service', () => {
  const hosts = { a: tempDir(), b: tempDir() };
  const remote = (): Record<string, string> => ({ TEMPORAL_ADDRESS: service().server.address });
  const there = (...args: string[]): Promise<CliResult> =>
    runCli(args, { cwd: dir, env: { ORCH_STATE_DIR: tempDir(), ...remote() } });

  /** Starts `orch worker` and waits until it polls. */
  async function worker(host: keyof typeof hosts, ...args: string[]): Promise<Worker> {
    const env = { ...process.env, ...remote(), ORCH_STATE_DIR: hosts[host], HOST_NAME: host };
    const child = spawn(process.execPath, [BIN, 'worker', '--json', ...args], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually('the worker polls', () => output.includes('"ready":true'), TAKE_OVER_MS);
    return { child, exited };
  }
  interface Worker {
    child: ChildProcess;
    exited: Promise<number | null>;
  }

  // The service's own worker would take the runs; without it the server is one of a team.
  beforeAll(killWorker);

  const step = (files: string): Record<string, unknown> => ({
    id: 's',
    command: `echo $HOST_NAME >> '${files}/ran'; ${waitFor(`${files}/go`)}; echo $HOST_NAME >> '${files}/ran'`,
  });
  const ranOn = (files: string): string => text(path.join(files, 'ran')).replaceAll('\n', ' ').trim();
  const watched = async (id: string): Promise<RunJson> =>
    JSON.parse((await there('watch', id, '--json')).stdout) as RunJson;

  test('a step whose worker died goes back to its host when that is there again', async () => {
    const a = await worker('a');
    const { id, files } = await start('back', (files) => [step(files)], there);
    await eventually('the step runs', () => ranOn(files) === 'a');
    a.child.kill('SIGKILL');
    await a.exited;
    await worker('b');
    const pending = async (): Promise<string> =>
      JSON.stringify((await client.workflow.getHandle(id).fetchHistory()).events);
    await eventually('the step is sent to its host', async () => (await pending()).includes('WrongHost'), TAKE_OVER_MS);
    await worker('a');
    writeFileSync(path.join(files, 'go'), '');
    const { status, steps } = await watched(id);
    expect([status, steps[0]?.status, steps[0]?.attempts, ranOn(files)]).toEqual(['succeeded', 'success', 1, 'a a']);
  });

  test('a step whose host does not come back begins anew on another one, and what the host has left ends with its return', async () => {
    const a = await worker('a');
    const { id, files } = await start('gone', (files) => [step(files)], there);
    await eventually('the step runs', () => ranOn(files) === 'a');
    const before = processesOf(id);
    a.child.kill('SIGKILL');
    await a.exited;
    await worker('b');
    await eventually('the step runs on the other host', () => ranOn(files) === 'a b', TAKE_OVER_MS + 90_000);
    await worker('a');
    await eventually('what the first host had is gone', () => !processesOf(id).some((pid) => before.includes(pid)));
    writeFileSync(path.join(files, 'go'), '');
    const { status, steps } = await watched(id);
    expect([status, steps[0]?.status, steps[0]?.attempts, ranOn(files)]).toEqual(['succeeded', 'success', 1, 'a b b']);
  });

  test('a worker that drains lets its steps end; the one that does not leaves them to the next', async () => {
    const draining = await worker('a', '--drain', '60');
    const first = await start('drained', (files) => [step(files)], there);
    await eventually('the step runs', () => ranOn(first.files) === 'a');
    draining.child.kill('SIGTERM');
    writeFileSync(path.join(first.files, 'go'), '');
    expect(await draining.exited).toBe(0);
    expect(processesOf(first.id)).toEqual([]);

    const leaving = await worker('a');
    expect(essence(await watched(first.id))).toEqual(['succeeded', ['s', 'success', null]]);
    const second = await start('left', (files) => [step(files)], there);
    await eventually('the step runs', () => ranOn(second.files) === 'a');
    leaving.child.kill('SIGTERM');
    expect(await leaving.exited).toBe(0);
    expect(processesOf(second.id)).not.toEqual([]);
    await worker('a');
    writeFileSync(path.join(second.files, 'go'), '');
    expect(essence(await watched(second.id))).toEqual(['succeeded', ['s', 'success', null]]);
    expect(ranOn(second.files)).toBe('a a');
  });
});
