import { expect, test } from 'vitest';
import { unexported } from '../../../src/plan/templates/shared-env.js';

const text = (bytes: number): string => 'x'.repeat(bytes);

test('an input that is larger than a variable can be is not exported', () => {
  const most = 128 * 1024 - 2;
  expect(unexported({ inputs: { A: text(most - 1), B: text(most), C: 'ü'.repeat(most / 2) } })).toEqual(['B', 'C']);
});

test('of inputs that are too large together, the largest are not exported', () => {
  const same = Object.fromEntries(['A', 'B', 'C', 'D'].map((name) => [name, text(120_000)]));
  const inputs = { L: text(120_001), S: 'small', ...same };
  expect(unexported({ inputs })).toEqual(['L']);
});
