import { expect, test } from 'vitest';
import { loadPlanText } from '../../../src/plan/index.js';

const plan = (step: Record<string, unknown>): string =>
  JSON.stringify({ plan_id: 'p', version: '1.0', steps: [{ id: 'a', ...step }] });

test.each([
  ['approval', { step_def: { type: 'approval' }, retries: 2 }, 'retries'],
  ['wait', { step_def: { type: 'wait', seconds: 1 }, cwd: 'x' }, 'cwd'],
  ['noop', { step_def: { type: 'noop' }, queue: 'gpu' }, 'queue'],
  ['plan', { step_def: { type: 'plan', plan: 'b.yaml' }, retry: { backoff: 'exponential' } }, 'retry'],
  ['plan', { step_def: { type: 'plan', plan: 'b.yaml' }, cwd: 'x' }, 'cwd'],
  ['http', { step_def: { type: 'http', url: 'http://x.example/' }, success_exit_codes: [3] }, 'success_exit_codes'],
])('a key that has no effect on a step of type %s is refused, not ignored', (type, step, key) => {
  const loaded = loadPlanText(plan(step), { file: 'p.json' });
  expect(loaded.ok ? [] : loaded.error).toMatchObject([
    {
      code: 'conflicting_keys',
      path: `steps[0].${key}`,
      message: `'${key}' has no effect on a step of type '${type}'`,
    },
  ]);
});

test('null is the same as absent there too', () => {
  expect(loadPlanText(plan({ step_def: { type: 'noop' }, cwd: null, retries: null })).ok).toBe(true);
});
