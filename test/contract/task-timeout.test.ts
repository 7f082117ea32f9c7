import { expect, test } from 'vitest';
import { workflowTaskTimeout } from '../../src/contract/task-timeout.js';
import { checkPlan } from '../../src/plan/check/check-plan.js';

const timeoutOf = (steps: object[]): string => {
  const checked = checkPlan({ plan_id: 'test', steps });
  if (!checked.ok) throw new Error('the plan is not valid');
  return workflowTaskTimeout(checked.value.plan);
};
const step = (id: string, more = {}): object => ({ id, command: 'true', ...more });

test('a worker that dies in the midst of a task delays a small run by ten seconds', () => {
  expect(timeoutOf([step('a'), step('b')])).toBe('10 seconds');
});

test('a run whose history becomes long has time to be replayed', () => {
  expect(timeoutOf(Array.from({ length: 301 }, (_, i) => step(`s${i}`)))).toBe('30 seconds');
  expect(timeoutOf([step('a', { foreach: [1, 2] })])).toBe('30 seconds');
});

test('a plan of a hundred thousand steps has time to be read', () => {
  expect(timeoutOf(Array.from({ length: 20_001 }, (_, i) => step(`s${i}`)))).toBe('2 minutes');
});
