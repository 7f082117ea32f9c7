import { expect, test } from 'vitest';
import { dueOf, scheduledRunId } from '../../src/contract/schedule-messages.js';

test('the id of what Temporal starts says for which schedule and time, and the id of its run is made of both', () => {
  const due = Date.parse('2026-11-29T02:00:00Z');
  expect(dueOf('orch-schedule:my-nightly-2026-11-29T02:00:00Z')).toEqual({ name: 'my-nightly', due });
  expect(scheduledRunId('my-nightly', due)).toBe('my-nightly-20261129T020000Z');
});

test.each(['orch-schedule:nightly', 'nightly-2026-11-29T02:00:00Z', 'orch-schedule:x-2026-13-29T02:00:00Z'])(
  '%s is nothing that a schedule starts',
  (id) => {
    expect(dueOf(id)).toBeUndefined();
  },
);
