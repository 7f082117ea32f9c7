import { describe, expect, test } from 'vitest';
import { gatherAlike, othersText, whyText } from '../../../src/cli/render/why.js';
import type { StepView } from '../../../src/contract/run-messages.js';

test.each<[Pick<StepView, 'status' | 'reason' | 'message'>, string]>([
  [{ status: 'failed', reason: 'exit_non_zero', message: 'ExitError: exited with code 3' }, 'exited with code 3'],
  [{ status: 'failed', reason: 'lost' }, 'lost'],
  [{ status: 'canceled', reason: 'aborted', message: "'a' failed" }, "aborted: 'a' failed"],
  [{ status: 'success' }, ''],
])('why a step is where it is: %j', (step, why) => {
  expect(whyText(step)).toBe(why);
});

const canceled = (id: string, message = "'a' failed"): StepView => ({
  id,
  status: 'canceled',
  reason: 'aborted',
  message,
  attempts: 0,
});
const shown = (steps: StepView[]): string[] =>
  gatherAlike(steps).map(({ first, others }) => [first.id, othersText(others)].filter(Boolean).join(': '));

describe('steps that ended alike before they began', () => {
  test('are one line, where the first of them stands', () => {
    const ids = ['b', 'c', 'd', 'e', 'f', 'g'];
    const ended: StepView = { id: 'a', status: 'failed', attempts: 1 };
    expect(shown([ended, ...ids.map((id) => canceled(id))])).toEqual(['a', 'b: also c, d, e and 2 more']);
  });

  test('stay apart where they are two, ran, or say something else', () => {
    expect(shown([canceled('b'), canceled('c')])).toEqual(['b', 'c']);
    expect(shown([canceled('b'), canceled('c'), { ...canceled('ran'), attempts: 1, started_at: 1 }])).toEqual([
      'b',
      'c',
      'ran',
    ]);
    expect(shown([canceled('b'), canceled('c', "'x' failed"), canceled('d')])).toEqual(['b', 'd', 'c']);
  });
});
