import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { essence, OwnService, textOf } from '../support/own-service.js';
import { writePlan } from '../support/plans.js';

const service = new OwnService();

beforeAll(() => service.up());
afterAll(async () => {
  await service.down('--stop-steps');
  service.killLeftovers();
});

test('a sub-plan that waits for a person is approved after `orch down` and `orch up`, and goes on once', async () => {
  const child = [
    { id: 'gate', step_def: { type: 'approval' } },
    { id: 'ship', command: 'echo shipped >> shipped', shell: true, depends_on: ['gate'] },
  ];
  const { id, files } = await service.start('approved', (folder) => {
    writePlan(folder, { plan_id: 'child', globals: { cwd: folder }, steps: child }, 'child.json');
    return [{ id: 'sub', shell: undefined, step_def: { type: 'plan', plan: 'child.json' } }];
  });
  const sub = `${id}.sub`;
  await eventually('it waits', async () => (await service.orch('status', sub)).stdout.includes('waiting  gate'));
  await service.down();
  await service.up();
  const { code, stdout, stderr } = await service.orch('approve', sub, 'gate');
  expect([code, stdout, stderr]).toEqual([0, 'gate: approved\n', '']);
  expect(essence(await service.ended(id))).toEqual(['succeeded', ['sub', 'success', null]]);
  expect(textOf(path.join(files, 'shipped'))).toBe('shipped\n');
});
