import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { essence, OwnService, processesOf, TAKE_OVER_MS, textOf, waitFor } from '../support/own-service.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const own = new OwnService();
beforeAll(() => own.up());
afterEach(() => own.killLeftovers());
afterAll(() => own.down('--stop-steps'));

/** Nothing of a run's steps lives any more. */
const nothingRuns = (run: string): Promise<true> =>
  eventually(`nothing of ${run} runs`, () => processesOf(run).length === 0);

describe('the folder of a run', () => {
  test('is deleted while the run goes on: it ends as it would, with whole logs and a whole record', async () => {
    const { id, files } = await own.start('deleted', (files) => [
      { id: 'a', command: `echo one; ${waitFor(`${files}/go`)}; echo two; echo v=1 >> $ORCH_OUTPUT` },
      { id: 'b', command: 'echo "v $V"', env: { V: '${{ prev.a.outputs.v }}' }, depends_on: ['a'] },
    ]);
    const folder = path.join(own.state, 'runs', id);
    await eventually('the log has its first line', () => textOf(path.join(folder, 'steps/a/1/stdout.log')) === 'one\n');
    rmSync(folder, { recursive: true });
    writeFileSync(path.join(files, 'go'), '');
    expect(essence(await own.ended(id))).toEqual(['succeeded', ['a', 'success', null], ['b', 'success', null]]);
    expect(textOf(path.join(folder, 'steps/a/1/stdout.log'))).toBe('one\ntwo\n');
    expect(textOf(path.join(folder, 'steps/b/1/stdout.log'))).toBe('v 1\n');
    expect(textOf(path.join(folder, 'manifest.json'))).toContain('"status": "succeeded"');
  });

  test('cannot be written from the middle on: steps run, and their outputs go on to others', async () => {
    const { id, files } = await own.start('unwritable', (files) => [
      { id: 'a', command: `echo one; ${waitFor(`${files}/go`)}; echo v=1 >> $ORCH_OUTPUT` },
      {
        id: 'b',
        command: `echo "v $V" > '${files}/b'; exit 3`,
        env: { V: '${{ prev.a.outputs.v }}' },
        depends_on: ['a'],
      },
    ]);
    const folder = path.join(own.state, 'runs', id);
    await eventually('the log has its first line', () => textOf(path.join(folder, 'steps/a/1/stdout.log')) === 'one\n');
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'in the way');
    writeFileSync(path.join(files, 'go'), '');
    expect(essence(await own.ended(id))).toEqual(['failed', ['a', 'success', null], ['b', 'failed', 'exit_non_zero']]);
    expect(textOf(path.join(files, 'b'))).toBe('v 1\n');
    rmSync(folder);
  });

  test('is on a full disk: steps run, and the run ends', async (context) => {
    const { id, files } = await own.start('full', (files) => [
      { id: 'a', command: waitFor(`${files}/go`) },
      { id: 'b', command: 'head -c 3000000 /dev/zero; exit 0', depends_on: ['a'] },
      { id: 'c', command: `echo ran > '${files}/c'`, depends_on: ['b'] },
    ]);
    const folder = path.join(own.state, 'runs', id);
    await eventually('the record is begun', () => existsSync(path.join(folder, 'manifest.json')));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      writeFileSync(path.join(files, 'go'), '');
      context.skip('no file system may be mounted here');
    }
    try {
      writeFileSync(path.join(files, 'go'), '');
      expect(essence(await own.ended(id))).toEqual([
        'succeeded',
        ['a', 'success', null],
        ['b', 'success', null],
        ['c', 'success', null],
      ]);
      expect(textOf(path.join(files, 'c'))).toBe('ran\n');
    } finally {
      execFileSync('umount', ['-l', folder]);
    }
  });
});

describe('a step', () => {
  test('that prints 200 MB leaves the worker small', async () => {
    const { id } = await own.start('large', () => [{ id: 'a', command: 'head -c 200000000 /dev/zero' }]);
    expect(essence(await own.ended(id))).toEqual(['succeeded', ['a', 'success', null]]);
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(textOf(`/proc/${own.service().worker.pid}/status`))?.[1];
    expect(Number(peak) / 1024).toBeLessThan(400);
    rmSync(path.join(own.state, 'runs', id, 'steps'), { recursive: true });
  });

  test('that prints too much is stopped, and says so', async () => {
    const { id } = await own.start('cap', () => [{ id: 'a', command: 'yes', max_output_bytes: 100_000 }]);
    expect(essence(await own.ended(id))).toEqual(['failed', ['a', 'failed', 'output_cap']]);
    await nothingRuns(id);
  });

  test('that closes its streams is waited for', async () => {
    const { id, files } = await own.start('closes', (files) => [
      { id: 'a', command: `echo x; exec >&- 2>&-; echo > '${files}/closed'; ${waitFor(`${files}/go`)}; exit 3` },
    ]);
    await eventually('it has closed them', () => existsSync(path.join(files, 'closed')));
    writeFileSync(path.join(files, 'go'), '');
    expect((await own.ended(id)).steps).toMatchObject([{ status: 'failed', exit_code: 3 }]);
  });

  test('whose child is deaf to TERM is canceled with that child', async () => {
    const { id, files } = await own.start('deaf', (files) => [
      { id: 'a', grace_sec: 0.5, command: `(trap '' TERM; echo > '${files}/on'; while :; do sleep 1; done)` },
    ]);
    await eventually('the child runs', () => existsSync(path.join(files, 'on')));
    expect((await own.orch('cancel', id)).code).toBe(0);
    expect(essence(await own.ended(id))).toMatchObject(['canceled', ['a', 'canceled', expect.anything()]]);
    expect(processesOf(id)).toEqual([]);
  });

  test('that leaves a daemon behind ends, and the daemon lives on', async () => {
    const { id, files } = await own.start('daemon', (files) => [
      { id: 'a', command: `setsid sh -c 'echo $$ > "${files}/pid"; exec sleep 300' & ${waitFor(`${files}/pid`)}` },
    ]);
    expect(essence(await own.ended(id))).toEqual(['succeeded', ['a', 'success', null]]);
    expect(processesOf(id)).toEqual([Number(textOf(path.join(files, 'pid')))]);
  });

  test('that is canceled takes its daemon along', async () => {
    const { id, files } = await own.start('daemon-canceled', (files) => [
      { id: 'a', command: `setsid sh -c 'echo $$ > "${files}/pid"; exec sleep 300' & sleep 300` },
    ]);
    await eventually('the daemon runs', () => existsSync(path.join(files, 'pid')));
    expect((await own.orch('cancel', id)).code).toBe(0);
    expect((await own.ended(id)).status).toBe('canceled');
    expect(processesOf(id)).toEqual([]);
  });
});

describe('a run', () => {
  test('that is canceled while the worker is dead: nothing runs on, and only then does `finally` start', async () => {
    const { id, files } = await own.start(
      'canceled-alone',
      (files) => [{ id: 'a', command: `echo $$ > '${files}/pid'; sleep 300; echo` }],
      { more: { finally: [{ id: 'f', shell: true, command: 'kill -0 $(cat pid) 2>&1; echo $? > alive' }] } },
    );
    await eventually('the step runs', () => existsSync(path.join(files, 'pid')));
    await own.killWorker();
    await own.client.workflow.getHandle(id).cancel();
    expect(processesOf(id)).not.toEqual([]);
    await own.orch('up');
    expect(essence(await own.ended(id))).toMatchObject([
      'canceled',
      ['a', 'canceled', expect.anything()],
      ['f', 'success', null],
    ]);
    expect(textOf(path.join(files, 'alive'))).toBe('1\n');
    expect(processesOf(id)).toEqual([]);
  });

  test('that is terminated takes its processes along', async () => {
    const { id, files } = await own.start('terminated', (files) => [
      { id: 'a', command: `echo > '${files}/on'; sleep 300` },
    ]);
    await eventually('the step runs', () => existsSync(path.join(files, 'on')));
    await own.client.workflow.getHandle(id).terminate();
    await nothingRuns(id);
  });

  test('that is terminated while the worker is dead loses its processes with the next worker', async () => {
    const { id, files } = await own.start('terminated-alone', (files) => [
      { id: 'a', command: `echo > '${files}/on'; sleep 300` },
    ]);
    await eventually('the step runs', () => existsSync(path.join(files, 'on')));
    await own.killWorker();
    await own.client.workflow.getHandle(id).terminate();
    await own.orch('up');
    await nothingRuns(id);
  });
});

test('orch down --stop-steps ends what runs: it begins anew, fails with run_once, and what had ended is not done again', async () => {
  const { id, files } = await own.start('stop-steps', (files) => {
    const begin = (step: string): string => `echo ${step} >> '${files}/ran'`;
    return [
      { id: 'again', command: `${begin('again')}; ${waitFor(`${files}/go`)}` },
      { id: 'once', run_once: true, on_failure: 'continue', command: `${begin('once')}; ${waitFor(`${files}/go`)}` },
      { id: 'over', command: `${begin('over')}; ${waitFor(`${files}/over`)}; echo done >> '${files}/ran'` },
    ];
  });
  const ran = (): string[] => textOf(path.join(files, 'ran')).trim().split('\n').toSorted();
  await eventually('all run', () => ran().length === 3);
  await own.killWorker();
  writeFileSync(path.join(files, 'over'), '');
  await eventually('one ends', () => ran().length === 4 && processesOf(id).length < 6);
  const { stdout } = await own.orch('down', '--stop-steps');
  expect(stdout).toContain('2 steps ended; the next `orch up` starts them again');
  expect(processesOf(id)).toEqual([]);
  await own.client.connection.close();
  await own.up();
  await eventually('it begins anew', () => ran().length === 5, TAKE_OVER_MS);
  writeFileSync(path.join(files, 'go'), '');
  expect(essence(await own.ended(id))).toEqual([
    'failed',
    ['again', 'success', null],
    ['once', 'failed', 'lost'],
    ['over', 'success', null],
  ]);
  expect(ran()).toEqual(['again', 'again', 'done', 'once', 'over']);
});
