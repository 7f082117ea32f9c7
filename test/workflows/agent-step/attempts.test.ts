import { expect, test } from 'vitest';
import { noted } from '../../../src/workflows/agent-step/attempts.js';

test('the last 50 failed attempts of a step travel with it, with the beginnings of their messages', () => {
  let failed: ReturnType<typeof noted> = [];
  for (let attempt = 1; attempt <= 60; attempt += 1) {
    const report = { status: 'failed' as const, attempts: attempt, attempt, started_at: 1, finished_at: 2 };
    failed = noted({ count: attempt, failed }, {
      ...report,
      reason: 'agent_failed',
      message: 'm'.repeat(300),
    } as never);
  }
  expect(failed.map(({ attempt }) => attempt)).toEqual(Array.from({ length: 50 }, (_, i) => i + 11));
  expect(failed[0]).toEqual({
    attempt: 11,
    started_at: 1,
    finished_at: 2,
    reason: 'agent_failed',
    message: 'm'.repeat(200),
  });
});
