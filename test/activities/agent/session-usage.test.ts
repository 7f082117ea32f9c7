import { expect, test } from 'vitest';
import { usageOf } from '../../../src/activities/agent/session-usage.js';
import { noProgress, type TurnProgress } from '../../../src/agents/types.js';

const used = (progress: Partial<TurnProgress>, before = {}) => usageOf({ ...noProgress(), ...progress }, before);

test('an agent that counts its turn has used what it says', () => {
  expect(used({ inputTokens: 3, outputTokens: 4, costUsd: 0.5 }, { session_tokens: 5 })).toEqual({
    tokens: 7,
    cost_usd: 0.5,
  });
});

test('one that counts its session has used what came on top', () => {
  const progress = { inputTokens: 30, outputTokens: 4, costUsd: 1.5, ofSession: true } as const;
  expect(used(progress)).toEqual({ tokens: 34, session_tokens: 34, cost_usd: 1.5, session_cost_usd: 1.5 });
  expect(used(progress, { session_tokens: 30, session_cost_usd: 1 })).toEqual({
    tokens: 4,
    session_tokens: 34,
    cost_usd: 0.5,
    session_cost_usd: 1.5,
  });
});

test('a count that is lower than before has begun anew; one that is missing leaves the one before', () => {
  const before = { session_tokens: 100, session_cost_usd: 2 };
  expect(used({ inputTokens: 5, costUsd: 0.5, ofSession: true }, before)).toEqual({
    tokens: 5,
    session_tokens: 5,
    cost_usd: 0.5,
    session_cost_usd: 0.5,
  });
  expect(used({ costUsd: 0, ofSession: true }, before)).toEqual({
    tokens: 0,
    session_tokens: 100,
    cost_usd: 0,
    session_cost_usd: 2,
  });
});
