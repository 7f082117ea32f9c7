import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Exited } from '../../../src/process/index.js';
import { DurableRig, essence } from '../../support/durable.js';
import { eventually } from '../../support/eventually.js';

let rig: DurableRig;
beforeEach(() => {
  rig = new DurableRig();
});
afterEach(() => rig.close());

const exited = { kind: 'exited', generation: 0, attached: false };
/** bash runs a command whose environment has a name that is no identifier. */
const shells = [
  ['dash', {}],
  ['bash', { env: { PATH: process.env['PATH'] ?? '', 'a.b': '1' } }],
] as const;

describe.each(shells)('what a command under %s writes', (_, more) => {
  test.each([
    ['/dev/stderr', 'echo 1 >&2; echo 2 > /dev/stderr; echo 3 >&2; echo 4 > /dev/stderr', '', '1\n2\n3\n4\n'],
    ['/dev/stdout', 'echo 1; echo 2 > /dev/stdout; echo 3', '1\n2\n3\n', ''],
    ['/dev/fd', 'echo 1; echo 2 > /dev/fd/1; echo 3 > /proc/self/fd/1; echo 4', '1\n2\n3\n4\n', ''],
    ['tee', 'echo 1 >&2; echo 2 | tee /dev/stderr; echo 3 >&2', '2\n', '1\n2\n3\n'],
    ['crossed', 'echo 1; echo 2 >&2; echo 3 > /dev/stderr; echo 4 > /dev/stdout; echo 5', '1\n4\n5\n', '2\n3\n'],
  ])('through %s loses nothing, and keeps its order', async (__, script, out, err) => {
    expect(essence(await rig.run(script, more))).toEqual({ ...exited, exitCode: 0 });
    expect([rig.file('out'), rig.file('err')]).toEqual([out, err]);
  });

  test('is there when its end is told, however much it is', async () => {
    const script = 'i=0; while [ $i -lt 40 ]; do i=$((i + 1)); head -c 100000 /dev/zero; done; printf end; exit 3';
    const end = (await rig.run(script, more)) as Exited;
    expect([end.exitCode, readFileSync(end.stdoutFile).length, rig.file('out').slice(-3)]).toEqual([
      3,
      4_000_003,
      'end',
    ]);
  });

  test('is there when a child holds the streams and goes on', async () => {
    const script = 'sleep 60 & head -c 500000 /dev/zero; head -c 500000 /dev/zero >&2';
    expect(essence(await rig.run(script, more))).toEqual({ ...exited, exitCode: 0 });
    expect([rig.file('out').length, rig.file('err').length]).toEqual([500_000, 500_000]);
    expect(rig.processes()).toHaveLength(1);
  });
});

test('a child that never stops writing does not keep the end from being told, and what came before it is there', async () => {
  const end = await rig.run('(while :; do printf y; done) & echo first; exit 5');
  expect(essence(end)).toEqual({ ...exited, exitCode: 5 });
  expect(rig.file('out')).toContain('first\n');
});

test('what is written before and after the death of the worker is there, by way of /dev/stderr too', async () => {
  const script =
    'echo 1 >&2; until [ -e go ]; do sleep 0.02; done; head -c 200000 /dev/zero; echo 2 > /dev/stderr; exit 4';
  const worker = rig.worker(rig.spec(script));
  await rig.claimed();
  await eventually('the first line', () => rig.file('err') === '1\n');
  await worker.kill();
  const end = rig.run(`touch go; exit 9`); // attaches, and does not run
  rig.write('go', '');
  expect(essence(await end)).toEqual({ ...exited, exitCode: 4, attached: true });
  expect([rig.file('out').length, rig.file('err')]).toEqual([200_000, '1\n2\n']);
});

test('last words after TERM are there, and so is what a killed command has written', async () => {
  const cancel = new AbortController();
  const script = `trap 'echo last words; echo more > /dev/stderr; exit 6' TERM; echo up; while :; do sleep 0.02; done`;
  const end = rig.run(script, { graceMs: 20_000 }, { cancel: cancel.signal });
  await eventually('it is up', () => rig.file('out') === 'up\n');
  cancel.abort();
  expect(await end).toMatchObject({ exitCode: 6, stopped: 'canceled' });
  const said = rig.file('err').replace('Terminated\n', ''); // bash, of its `sleep`
  expect([rig.file('out'), said]).toEqual(['up\nlast words\n', 'more\n']);
});

test('the copiers do not delay a stop, and nothing of them is left', async () => {
  const end = await rig.run(`trap '' TERM; echo deaf; while :; do sleep 0.02; done`, { timeoutMs: 300, graceMs: 200 });
  expect(end).toMatchObject({ signal: 'SIGKILL', stopped: 'timeout' });
  expect(rig.file('out')).toBe('deaf\n');
  await rig.nothingRuns();
});

test('output that could not be written makes no success', async () => {
  rig.fillsUp('out');
  expect(essence(await rig.run('echo lost'))).toEqual({ ...exited, exitCode: 74 });
});
