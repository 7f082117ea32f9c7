import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DurableEnd, DurableSpec } from '../../../src/process/index.js';
import { DurableRig } from '../../support/durable.js';
import { eventually, isAlive } from '../../support/eventually.js';

let rig: DurableRig;
let worker: ChildProcess;
beforeEach(() => {
  rig = new DurableRig();
});
afterEach(async () => {
  worker.kill('SIGKILL');
  await rig.close();
});

function startWorker(specs: DurableSpec[]): ChildProcess {
  const script = fileURLToPath(new URL('../../support/large-worker.mjs', import.meta.url));
  writeFileSync(rig.path('specs'), JSON.stringify(specs));
  const args = [script, ...['specs', 'launcher', 'result'].map((name) => rig.path(name))];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Starts a large worker, and gives its launcher when all runs. */
async function largeWorker(specs: DurableSpec[]): Promise<number> {
  worker = startWorker(specs);
  return Number(await rig.written('launcher'));
}

const specs = (scripts: string[], more: Partial<DurableSpec> = {}): DurableSpec[] =>
  scripts.map((script, index) => ({ ...rig.spec(script, more), tryDir: rig.path(`attempts/${index}`) }));
const results = async (): Promise<DurableEnd[]> => JSON.parse(await rig.written('result')) as DurableEnd[];
const GATE = 'echo ran >> ran; until [ -e go ]; do sleep 0.02; done; cat; exit 3';

/** The parent of the wrapper of a try. */
function parentOf(name: string): number {
  const pid = rig.read(`attempts/${name}/g0/state`).split(' ')[1]!;
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', pid], { encoding: 'utf8' }));
}

test('a large worker lets a small process start its wrappers, and hears of their ends', async () => {
  const launcher = await largeWorker(specs([GATE, GATE, 'cat; exit 5'], { stdin: 'given\n' }));
  expect([parentOf('0'), parentOf('1')]).toEqual([launcher, launcher]);
  writeFileSync(rig.path('go'), '');
  expect((await results()).map((end) => 'exitCode' in end && end.exitCode)).toEqual([3, 3, 5]);
  expect(rig.read('attempts/0/g0/out')).toBe('given\n');
  await eventually('the launcher ends with its worker', async () => !(await isAlive(launcher)));
});

test('a launcher that dies takes nothing along: each command runs once, and its end is heard of', async () => {
  const launcher = await largeWorker(specs([GATE, GATE, GATE]));
  process.kill(launcher, 'SIGKILL');
  await eventually('it is gone', async () => !(await isAlive(launcher)));
  writeFileSync(rig.path('go'), '');
  expect((await results()).map((end) => 'exitCode' in end && end.exitCode)).toEqual([3, 3, 3]);
  expect(rig.read('ran')).toBe('ran\nran\nran\n');
});

test('a worker that dies leaves the commands running, and its launcher ends', async () => {
  const [spec] = specs([GATE]);
  const launcher = await largeWorker([spec!]);
  worker.kill('SIGKILL');
  await eventually('the launcher is gone', async () => !(await isAlive(launcher)));
  writeFileSync(rig.path('go'), '');
  expect(await rig.run(GATE, { tryDir: spec!.tryDir })).toMatchObject({ kind: 'exited', exitCode: 3, attached: true });
  expect(rig.read('ran')).toBe('ran\n');
});

test('what cannot be started fails with the same words as without a launcher', async () => {
  const [bad, tooLarge] = specs(['', '']);
  const filled = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`FILL_${n}`, 'x'.repeat(100_000)]));
  worker = startWorker([
    { ...bad!, cwd: '/no/such/folder' },
    { ...tooLarge!, env: { ...tooLarge!.env, ...filled } },
  ]);
  expect(await results()).toMatchObject([
    { message: 'SpawnError: the working directory does not exist: /no/such/folder' },
    { message: expect.stringContaining('SpawnError: the arguments and environment are too large') as string },
  ]);
});
