import { expect, test } from 'vitest';
import { fewSteps, leftText } from '../../../src/cli/render/few-steps.js';
import type { StepStatus } from '../../../src/contract/statuses.js';

const step = (id: string, status: StepStatus): { id: string; status: StepStatus } => ({ id, status });

test('a small run is shown whole', () => {
  const steps = [step('a', 'success'), step('b', 'pending')];
  expect(fewSteps(steps)).toEqual({ shown: steps, left: [] });
});

test('of a large run what needs a look is shown, in the order of the plan', () => {
  const ended = Array.from({ length: 100_000 }, (_, i) => step(`s${i}`, 'success'));
  const steps = [
    ...ended,
    step('next', 'pending'),
    step('now', 'running'),
    step('bad', 'failed'),
    step('w', 'warning'),
  ];
  const { shown, left } = fewSteps(steps, 4);
  expect(shown.map(({ id }) => id)).toEqual(['next', 'now', 'bad', 'w']);
  expect(leftText(left)).toBe('and 100000 more steps: 100000 success');
  expect(leftText(fewSteps(steps, steps.length - 1).left)).toBe('and 1 more step: 1 success');
});
