import { expect, test } from 'vitest';
import { parseExpectation } from '../../../src/plan/check/gate-expectation.js';

test.each([
  ['exit 0', { exit: 0 }],
  [' EXIT 255 ', { exit: 255 }],
  ['exit 256', undefined],
  ['exit', undefined],
  ['contains "2 passed: all"', { contains: '2 passed: all' }],
  [String.raw`contains "says \"ok\""`, { contains: 'says "ok"' }],
  [String.raw`contains "C:\\dir\n"`, { contains: String.raw`C:\dir\n` }],
  [String.raw`contains "not closed\"`, undefined],
  ['contains "one" or "two"', undefined],
  ['contains ""', undefined],
])('what is expected of a gate: %s', (text, expected) => {
  expect(parseExpectation(text)).toEqual(expected);
});
