import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identify } from '../../src/host/process-identity.js';
import { startCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { OwnService, TAKE_OVER_MS } from '../support/own-service.js';
import { uniqueId, writePlan } from '../support/plans.js';

/** Runs that can't be asked, or need not be: no worker replays anything here. */
const own = new OwnService();
beforeAll(() => own.up(), 120_000);
afterAll(() => own.down(), 60_000);

const hello = { id: 'a', command: 'echo', args: ['hello'] };
const closed = {
  steps: [
    hello,
    { id: 'b', command: 'false', depends_on: ['a'], on_failure: 'skip_dependents', ui_hints: { group: 'middle' } },
    { id: 'c', command: 'true', depends_on: ['b'] },
  ],
};

async function start(plan: Record<string, unknown>, prefix: string): Promise<string> {
  const id = uniqueId(prefix);
  const { code, stderr } = await own.orch('start', writePlan(path.join(own.dir, id), plan), '--id', id);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  return id;
}

test('a step on a queue that nobody polls says so, and a cancel ends it at once', async () => {
  const id = await start({ steps: [{ id: 'train', command: 'true', queue: 'gpu' }] }, 'queue');
  const watching = startCli(['watch', id], { cwd: own.dir, env: { ORCH_STATE_DIR: own.state } });
  const waits = 'waiting: no worker polls queue gpu';
  const says = async (): Promise<boolean> => (await own.orch('status', id)).stdout.includes(waits);
  await eventually('the status says so', says, TAKE_OVER_MS);
  expect((await own.orch('explain', id, 'train')).stdout).toContain(`It is ${waits}.`);
  await eventually('watch says so', () => watching.output().includes(waits), TAKE_OVER_MS);
  const before = performance.now();
  expect((await own.orch('cancel', id)).code).toBe(0);
  expect((await watching.ended).code).toBe(4);
  expect(performance.now() - before).toBeLessThan(40_000); // 65 s it was
});

test('a closed run is told of without a worker, and an open one says why it is not', async () => {
  const failed = await start(closed, 'failed');
  const canceled = await start({ steps: [{ id: 'gate', step_def: { type: 'approval' } }, hello] }, 'canceled');
  const open = await start({ steps: [{ id: 'gate', step_def: { type: 'approval' } }] }, 'open');
  expect((await own.orch('watch', failed)).code).toBe(1);
  await eventually(
    'it waits',
    async () => (await own.orch('status', canceled)).stdout.includes('waiting'),
    TAKE_OVER_MS,
  );
  await own.orch('cancel', canceled);
  expect((await own.orch('watch', canceled)).code).toBe(4);
  await eventually('it waits', async () => (await own.orch('status', open)).stdout.includes('waiting'), TAKE_OVER_MS);
  const asked = await answers(failed, canceled);

  const { pid } = own.service().worker;
  process.kill(pid, 'SIGSTOP');
  try {
    const { code, stdout } = await own.orch('status', open);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/the worker is busy.*as its record has them\n {2}waiting {2}gate$/m) as string,
    ]);
    expect((await own.orch('explain', open, 'gate')).stderr).toMatch(/^error\[run_busy\]: /);
  } finally {
    process.kill(pid, 'SIGKILL');
  }
  await eventually('the worker is gone', () => identify(pid) === undefined);
  expect((await own.orch('status', open)).stdout).toContain('steps unknown: no worker is polling');
  expect(await answers(failed, canceled)).toEqual(asked);
  expect(asked.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(asked[6]).toMatchObject({ stdout: expect.stringMatching(/^(\{.*\}\n)+$/) as string, stderr: '' });
  expect(asked[2]!.stdout).toContain("'b' did not succeed");
  expect(asked[0]!.stdout).toContain('middle');
  expect(asked[4]!.stdout).toMatch(/^canceled-\S+ canceled /);
  await own.orch('up');
});

function answers(failed: string, canceled: string): Promise<CliResult[]> {
  return Promise.all([
    own.orch('status', failed),
    own.orch('explain', failed, 'b'),
    own.orch('explain', failed, 'c'),
    own.orch('rerun', failed, '--dry-run'),
    own.orch('status', canceled),
    own.orch('explain', canceled, 'gate'),
    own.orch('export', failed, '--events'),
    own.orch('export', canceled),
    own.orch('logs', failed),
  ]);
}
