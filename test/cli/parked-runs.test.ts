import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SlowTask } from '../../src/records/slow-tasks.js';
import { eventually } from '../support/eventually.js';
import { OwnService, TAKE_OVER_MS } from '../support/own-service.js';
import { writePlan } from '../support/plans.js';

const own = new OwnService();
beforeAll(() => own.up(), 60_000);
afterAll(() => own.down(), 60_000);

/** Many seconds of expressions in one go, as runs of before could have them. */
const heavy = {
  engine_version: 1,
  plan: {
    plan_id: 'heavy',
    version: '1.0',
    inputs: { L: { type: 'array' } },
    globals: { max_concurrency: 400 },
    steps: [
      {
        id: 'each',
        command: 'true',
        env: { X: '${{ inputs.L.filter(a, inputs.L.exists(b, a + b == -1)).size() }}' },
        foreach: Array.from({ length: 400 }, (_, i) => i),
      },
    ],
  },
  digest: '',
  inputs: { L: Array.from({ length: 240 }, (_, i) => i) },
  env: {},
  base_dir: '/',
};

function note(): Partial<SlowTask> {
  const dir = path.join(own.state, 'slow-tasks');
  try {
    const [name] = readdirSync(dir).filter((file) => file.endsWith('.json'));
    return JSON.parse(readFileSync(path.join(dir, name!), 'utf8')) as SlowTask;
  } catch {
    return {};
  }
}

test('a run that has taken down two workers is parked and named, and other runs continue', async () => {
  await own.signedClient().workflow.start('runPlan', { taskQueue: 'orch', workflowId: 'killer', args: [heavy] });
  for (const deaths of [0, 1]) {
    const { pid } = own.service().worker;
    const computes = (): boolean => note().worker === pid && note().deaths === deaths;
    await eventually('the worker computes for the run', computes, TAKE_OVER_MS);
    await own.killWorker();
    await own.orch('up');
  }
  await eventually('two deaths are counted', () => note().deaths === 2 && note().worker === undefined);
  const other = await own.orch('run', writePlan(own.dir, { steps: [{ id: 'a', command: 'true' }] }));
  expect(other.code).toBe(0);
  const parked = "The run 'killer' is parked: deciding what comes next in it has taken down 2 workers.";
  const says = async (): Promise<boolean> => (await own.orch('status', 'killer')).stdout.includes(parked);
  await eventually('the run says so', says, TAKE_OVER_MS);
  const { stdout } = await own.orch('status', 'killer', '--json');
  expect((JSON.parse(stdout) as { stuck?: string }).stuck).toContain(parked);
  await cannotBeCanceled(parked);
}, 240_000);

/** What it does not hear is not claimed; by force it is ended from outside. */
async function cannotBeCanceled(parked: string): Promise<void> {
  const refused = await own.orch('cancel', 'killer');
  expect([refused.code, refused.stdout, refused.stderr]).toEqual([
    3,
    '',
    expect.stringMatching(/^error\[run_stuck\]: Cannot cancel: /) as string,
  ]);
  expect(refused.stderr).toContain(parked);
  expect(refused.stderr).toContain('`orch cancel --force killer` gives up on the run');
  expect((await own.orch('pause', 'killer')).stderr).toMatch(/^error\[run_stuck\]: /);
  const forced = await own.orch('cancel', 'killer', '--force');
  expect([forced.code, forced.stdout, forced.stderr]).toEqual([
    0,
    'killer: terminated because it was parked; its `finally` steps do not run\n',
    '',
  ]);
  expect((await own.orch('status', 'killer')).stdout).toMatch(/^killer terminated /);
  expect(note()).toEqual({});
  expect((await own.orch('cancel', 'killer')).stderr).toMatch(/^error\[run_closed\]: /);
}
