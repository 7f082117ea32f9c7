import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loopInputProblems } from '../../../src/loop/check-input.js';
import { readLoopInput, type LoopCheck } from '../../../src/workflows/loop/input.js';
import type { LoopInput } from '../../../src/contract/loop-messages.js';
import { initialState } from '../../../src/loop/turns.js';
import { configOf } from '../../loop/sample.js';

const good: LoopInput = {
  loop_version: 2,
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
/** The check, and how often it was made. */
function checkOf(more: Partial<Record<'continued' | 'replaying', boolean>> = {}, problems = loopInputProblems) {
  const check: LoopCheck & { asked: number } = {
    asked: 0,
    continued: () => more.continued === true,
    replaying: () => more.replaying === true,
    admit(given) {
      check.asked += 1;
      return Promise.resolve(problems(given));
    },
  };
  return check;
}

async function refusal(given: unknown): Promise<string> {
  try {
    await readLoopInput(given, checkOf());
    return 'accepted';
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type !== 'InvalidLoop' || !error.nonRetryable) throw error;
    return error.message.split('\n')[1]!;
  }
}
const older = { ...good, loop_version: 1 };
const spoilt = { ...good, config: {} } as unknown as LoopInput;

test('what the client sends is accepted as it is, after a way through JSON too', async () => {
  expect(await readLoopInput(good, checkOf())).toBe(good);
  expect(await refusal(JSON.parse(JSON.stringify(good)))).toBe('accepted');
});

test('a loop of version 1 is checked at once, and by no activity', () => {
  const check = checkOf();
  expect(readLoopInput(older, check)).toBe(older);
  expect(check.asked).toBe(0);
  expect(() => readLoopInput({ ...spoilt, loop_version: 1 }, check)).toThrow(/^The loop cannot be started/);
});

test('no stricter check touches a loop of version 1 that has begun', () => {
  const begun = { ...spoilt, loop_version: 1 };
  expect(readLoopInput(begun, checkOf({ replaying: true }))).toBe(begun);
});

test.each([1, 2])('a loop of version %i that continues as new was checked when it began', (loop_version) => {
  const check = checkOf({ continued: true });
  const going = { ...spoilt, loop_version };
  expect([readLoopInput(going, check), check.asked]).toEqual([going, 0]);
});

test('a loop of version 2 goes by what its history says of its input', async () => {
  // The answer that stands there, whatever the checker of today would say.
  expect(
    await readLoopInput(
      spoilt,
      checkOf({ replaying: true }, () => []),
    ),
  ).toBe(spoilt);
});

test.each<[title: string, given: unknown, expected: RegExp]>([
  ['nothing', undefined, /^loop_version: /],
  ['no version', { ...good, loop_version: 'one' }, /^loop_version: this worker runs 1 to 2$/],
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
])('a loop cannot be started with %s', async (_, given, expected) => expect(await refusal(given)).toMatch(expected));

test('a loop of a newer version waits for an upgrade instead of ending', () => {
  expect(() => readLoopInput({ ...good, loop_version: 3 })).toThrow(
    new Error(
      'This loop was started by a newer orch (loop version 3; this worker runs 1 to 2). Upgrade the worker: the loop waits until then.',
    ),
  );
});

test('property: whatever it is started with, it is refused as InvalidLoop or accepted', async () => {
  await fc.assert(fc.asyncProperty(fc.jsonValue(), async (value) => (await refusal(value)) !== 'accepted'));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(good).filter((key) => key !== 'loop_version')),
      fc.jsonValue(),
      fc.constantFrom(1, 2),
      async (key, value, loop_version) => void (await refusal({ ...good, loop_version, [key]: value })),
    ),
  );
});
