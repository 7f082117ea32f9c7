import { expect, test } from 'vitest';
import { plainMessage } from '../../src/basics/plain-message.js';

test.each([
  ['ExitError: exited with code 3', 'exited with code 3'],
  ["SubPlanError: run 'r~s': ExitError: exited with code 1", "run 'r~s': exited with code 1"],
  ["BudgetError: the run's budget is used up", "the run's budget is used up"], // as older runs have it
  [
    '2 of 3 failed: a[0] (ExitError: exited with code 1), a[1] (LostError: gone)',
    '2 of 3 failed: a[0] (exited with code 1), a[1] (gone)',
  ],
])('names of orch itself say nothing to people: %s', (message, plain) => {
  expect(plainMessage(message)).toBe(plain);
});

test.each([
  'it exited with code 1: TypeError: x is undefined',
  'TypeError is what it printed',
  'no class',
  'ValueError: invalid literal for int()',
  'RangeError: Invalid array length',
  'BUILD Error: none',
])('what a program has said stays as it is: %s', (message) => {
  expect(plainMessage(message)).toBe(message);
  expect(plainMessage(`AgentError: ${message}`)).toBe(message);
});
