import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLoopInput } from '../../../src/workflows/loop/input.js';
import type { LoopInput } from '../../../src/contract/loop-messages.js';
import { initialState } from '../../../src/loop/turns.js';
import { configOf } from '../../loop/sample.js';

const good: LoopInput = {
  loop_version: 1,
  config: configOf('git: {enabled: true}\nrouter: {enabled: true, prompt: r}\nstate_file: s.json\n'),
  base_dir: '/work',
  queue: 'orch',
  env: {},
  carried: {
    state: initialState(),
    last_iteration: 20,
    used: { tokens: 0, cost_usd: 0, wall_sec: 0 },
    turns: [],
    next_seq: 1,
    began_at: 0,
  },
};
const refusal = (given: unknown): string => {
  try {
    readLoopInput(given);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type !== 'InvalidLoop' || !error.nonRetryable) throw error;
    return error.message.split('\n')[1]!;
  }
};

test('what the client sends is accepted as it is, after a way through JSON too', () => {
  expect(readLoopInput(good)).toBe(good);
  expect(refusal(JSON.parse(JSON.stringify(good)))).toBe('accepted');
});

test.each<[title: string, given: unknown, expected: RegExp]>([
  ['nothing', undefined, /^input: /],
  ['no version', { ...good, loop_version: 'one' }, /^loop_version: this worker runs version 1 of loops$/],
  ['a relative folder', { ...good, base_dir: 'work' }, /^base_dir: /],
  ['no configuration', { ...good, config: {} }, /^config\.\w+: /],
  ['a mode that is none', { ...good, config: { ...good.config, mode: 'both' } }, /^config\.mode: /],
  [
    'iteration 0',
    { ...good, carried: { ...good.carried, state: { ...initialState(), iteration: 0 } } },
    /^carried\.state\.iteration: /,
  ],
  [
    'a role that is none',
    { ...good, carried: { ...good.carried, state: { ...initialState(), role: 'boss' } } },
    /^carried\.state\.role: /,
  ],
])('a loop cannot be started with %s', (_, given, expected) => expect(refusal(given)).toMatch(expected));

test('a loop of a newer version waits for an upgrade instead of ending', () => {
  expect(() => readLoopInput({ ...good, loop_version: 2 })).toThrow(
    new Error(
      'This loop was started by a newer orch (loop version 2; this worker runs 1). Upgrade the worker: the loop waits until then.',
    ),
  );
});

test('property: whatever it is started with, it is refused as InvalidLoop or accepted', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => refusal(value) !== 'accepted'));
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(good).filter((key) => key !== 'loop_version')),
      fc.jsonValue(),
      (key, value) => void refusal({ ...good, [key]: value }),
    ),
  );
});
