import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLedger, overrunText, smaller } from '../../../src/workflows/agent-step/ledger.js';

const usage = (tokens: number) => ({ tokens, cost_usd: 0, wall_sec: 0 });

test('without a budget nothing is ever used up', () => {
  const ledger = createLedger(undefined);
  expect(ledger.reserve({ tokens: 1e9 })).toBe(true);
  expect(ledger.settle(usage(1e9))).toEqual([]);
  expect([ledger.left(), ledger.overrun()]).toEqual([{}, undefined]);
});

test('what is reserved is not there for others, until it is given back', () => {
  const ledger = createLedger({ tokens: 100, soft: 0.8 });
  expect(ledger.reserve({ tokens: 60 })).toBe(true);
  expect(ledger.reserve({ tokens: 60 })).toBe(false);
  expect(ledger.mayComeBack).toBe(true);
  expect([ledger.left(), ledger.left({ tokens: 60 })]).toEqual([{ tokens: 40 }, { tokens: 100 }]);
  ledger.release({ tokens: 60 });
  expect(ledger.mayComeBack).toBe(false);
  expect(ledger.reserve({ tokens: 100 })).toBe(true);
});

test('the soft share warns once, the limit ends it', () => {
  const ledger = createLedger({ tokens: 100, cost_usd: 1, soft: 0.5 });
  expect(ledger.settle(usage(40))).toEqual([]);
  expect(ledger.settle(usage(20)).map(overrunText)).toEqual(['60 of 100 tokens']);
  expect(ledger.settle(usage(20))).toEqual([]);
  expect(ledger.overrun()).toBeUndefined();
  ledger.settle(usage(20));
  expect(ledger.overrun()).toEqual({ kind: 'tokens', limit: 100, used: 100 });
  expect(overrunText({ kind: 'cost_usd', limit: 1, used: 1.239 })).toBe('1.24 of 1 US dollars');
});

test('reservations and what is spent never go beyond the limit together, but by what was spent', () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant('reserve' as const), tokens: fc.nat(50) }),
    fc.record({ kind: fc.constant('release' as const), tokens: fc.nat(50) }),
    fc.record({ kind: fc.constant('spend' as const), tokens: fc.nat(50) }),
  );
  fc.assert(
    fc.property(fc.array(act), (acts) => {
      const ledger = createLedger({ tokens: 100, soft: 1 });
      const held: number[] = [];
      for (const { kind, tokens } of acts) {
        if (kind === 'reserve' && ledger.reserve({ tokens })) held.push(tokens);
        if (kind === 'release' && held.length > 0) ledger.release({ tokens: held.pop()! });
        if (kind === 'spend') ledger.settle(usage(tokens));
        const reserved = held.reduce((sum, each) => sum + each, 0);
        expect(ledger.left().tokens).toBe(Math.max(0, 100 - ledger.used.tokens - reserved));
        expect(ledger.mayComeBack).toBe(held.length > 0);
      }
    }),
  );
});

test('the smaller of two sets of limits', () => {
  expect(smaller({ tokens: 5, cost_usd: 1 }, { tokens: 3, wall_sec: 9 })).toEqual({
    tokens: 3,
    cost_usd: 1,
    wall_sec: 9,
  });
});
