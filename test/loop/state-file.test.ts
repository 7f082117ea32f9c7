import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asksToExit, importState, isAhead, stateFields, writeState } from '../../src/loop/state-file.js';
import { initialState, type LoopState } from '../../src/loop/turns.js';
import { configOf } from './sample.js';

const config = configOf('router: {enabled: true}\n');
const read = (value: unknown): string => {
  const found = importState(typeof value === 'string' ? value : JSON.stringify(value), config);
  return found.ok ? `${found.value.state.iteration} ${found.value.state.role}` : found.error.message;
};

const reviewed = (state: object): unknown => {
  const found = importState(JSON.stringify(state), config);
  return found.ok && found.value.state.reviewed;
};

describe('where an older run stands', () => {
  test.each<[title: string, state: object, expected: string]>([
    [
      'iteration 33 waiting-ralph means main is next',
      { iteration: 33, expected_actor: 'ralph', status: 'waiting-ralph' },
      '33 main',
    ],
    ['it crashed in the turn of main', { iteration: 4, expected_actor: 'ralph', status: 'running-ralph' }, '4 main'],
    [
      'it crashed in the turn of the supervisor',
      { iteration: 4, expected_actor: 'galph', status: 'running-galph' },
      '4 supervisor',
    ],
    [
      'its last turn of main was complete',
      { iteration: 5, expected_actor: 'galph', status: 'complete' },
      '5 supervisor',
    ],
    ['it failed in the turn of main', { iteration: 5, expected_actor: 'ralph', status: 'failed' }, '5 main'],
    ['a new file', { iteration: 1, expected_actor: 'galph', status: 'idle' }, '1 supervisor'],
    ['a file without fields', {}, '1 supervisor'],
    ['iterations counted from 0', { iteration: 0, expected_actor: 'ralph', status: 'waiting-ralph' }, '1 main'],
    ['steps of a second workflow', { step_index: 3, workflow_name: 'review_cadence2', status: 'idle' }, '2 main'],
    ['steps counted: 0', { step_index: 0, iteration: 1, workflow_name: 'standard', status: 'idle' }, '1 supervisor'],
    ['steps counted: 65 is main of iteration 33', { step_index: 65, iteration: 66, status: 'waiting-next' }, '33 main'],
    ['steps counted: 64 failed', { step_index: 64, iteration: 65, status: 'failed' }, '33 supervisor'],
    [
      'an older file that the later version has not touched',
      { step_index: null, iteration: 2, expected_actor: 'ralph', status: 'idle' },
      '2 main',
    ],
  ])('%s', (_, state, expected) => expect(read(state)).toBe(expected));
});

describe('a corrupt state is refused', () => {
  test.each<[title: string, state: unknown, expected: RegExp]>([
    ['no JSON', '{"iteration": 3', /^it is not JSON: /],
    ['empty', '', /^it is not JSON: /],
    ['a list', [], /^it is not a JSON object$/],
    ['null', null, /^it is not a JSON object$/],
    ['a word as iteration', { iteration: 'x' }, /^`iteration` is not a whole number of at least 0$/],
    ['a fraction', { iteration: 1.5 }, /^`iteration` is not a whole number/],
    ['an actor that is none', { iteration: 1, expected_actor: 'boss' }, /^`expected_actor` is "boss"/],
    ['a status that is none', { iteration: 1, status: 'napping' }, /^`status` is "napping"/],
    ['a contradiction', { iteration: 3, expected_actor: 'galph', status: 'waiting-ralph' }, /contradict each other$/],
    ['another one', { iteration: 33, step_index: 3, status: 'idle' }, /contradict each other$/],
    ['a negative step', { step_index: -1, status: 'idle' }, /^`step_index` is not a whole number of at least 0$/],
    ['a workflow that nobody knows', { workflow_name: 'waltz' }, /^`workflow_name` is "waltz"; there is standard, /],
    ['exit in other words', { iteration: 1, exit: 'perhaps' }, /^`exit` is neither true nor false$/],
  ])('%s', (_, state, expected) => expect(read(state)).toMatch(expected));
});

test('a review that was held is not held again, also where the file does not say by whom', () => {
  const at = { iteration: 2, expected_actor: 'ralph', status: 'waiting-ralph', last_prompt: 'reviewer.md' };
  expect(reviewed({ ...at, last_prompt_actor: 'galph' })).toBe(true);
  expect(reviewed(at)).toBe(true);
  expect(reviewed({ ...at, last_prompt: 'supervisor.md' })).toBe(false);
  expect(reviewed({ ...at, expected_actor: 'galph', status: 'complete' })).toBe(false);
});

test('exit and its reason are told', () => {
  const found = importState(JSON.stringify({ iteration: 1, exit: true, exit_reason: 'out of money' }), config);
  expect(found.ok && found.value.exit).toBe('out of money');
});

test.each([
  [true, true],
  ['true', true],
  ['Yes', true],
  [1, true],
  [false, false],
  ['false', false],
  ['', false],
  [0, false],
  [null, false],
  ['perhaps', undefined],
  [{}, undefined],
])('exit: %j asks for the end: %s', (exit, asks) => expect(asksToExit(exit)).toBe(asks));

describe('a file that is further than a loop', () => {
  const at = { iteration: 3, expected_actor: 'ralph', status: 'waiting-ralph' };
  const own = { loop: 'mine@then', turns: 4 };
  test.each<[what: string, source: Record<string, unknown>, ahead: object | undefined]>([
    ['of an older loop', at, { iteration: 3, role: 'main' }],
    ['of another one', { ...at, orch_loop: 'other@now' }, { iteration: 3, role: 'main', loop: 'other@now' }],
    ['its own', { ...at, orch_loop: 'mine@then' }, undefined],
    ['no further', { ...at, iteration: 2 }, undefined],
    ['where it is', { iteration: 3, expected_actor: 'galph', status: 'complete' }, undefined],
    ['empty', {}, undefined],
    ['corrupt', { ...at, iteration: 'x' }, undefined],
    ['steps counted', { step_index: 5, status: 'idle' }, { iteration: 3, role: 'main' }],
  ])('%s', (_, source, ahead) => expect(isAhead(source, own)).toEqual(ahead));
});

test('what others have written into the file stays, and the lease is written for its readers', () => {
  const fields = stateFields(config, { ...initialState(), role: 'main', turns: 1 }, 'idle');
  const before = { iteration: 1, exit: true, note: { of: 'mine' }, step_index: 3, workflow_name: 'standard' };
  const text = writeState(fields, { now: new Date(0), commits: { galph_commit: 'abc1234' }, loop: 'l@then' }, before);
  expect(JSON.parse(text)).toEqual({
    iteration: 1,
    exit: true,
    note: { of: 'mine' },
    expected_actor: 'ralph',
    status: 'waiting-ralph',
    last_update: '1970-01-01T00:00:00Z',
    lease_expires_at: '1970-01-01T00:10:00Z',
    galph_commit: 'abc1234',
    orch_loop: 'l@then',
  });
  expect(text.startsWith('{\n  "')).toBe(true);
});

test('last_prompt is written by loops with a router only', () => {
  const state: LoopState = { ...initialState(), last_prompt: 'main.md', last_prompt_role: 'main' };
  expect(stateFields(config, state, 'idle')).toMatchObject({ last_prompt: 'main.md', last_prompt_actor: 'ralph' });
  expect(stateFields(configOf(''), state, 'idle')).not.toHaveProperty('last_prompt');
});

test('property: what was written is read as it was', () => {
  const state = fc.record({
    iteration: fc.integer({ min: 1, max: 100_000 }),
    role: fc.constantFrom('supervisor' as const, 'main' as const),
    doing: fc.constantFrom('turn' as const, 'idle' as const, 'failed' as const),
    last: fc.constantFrom(undefined, 'reviewer.md', 'main.md'),
  });
  fc.assert(
    fc.property(state, ({ iteration, role, doing, last }) => {
      const known: LoopState = {
        ...initialState(),
        iteration,
        role,
        ...(last === undefined ? {} : { last_prompt: last, last_prompt_role: role === 'main' ? 'supervisor' : 'main' }),
        reviewed: role === 'main' && last === 'reviewer.md',
        turns: 2 * (iteration - 1) + (role === 'main' ? 1 : 0),
      };
      const text = writeState(stateFields(config, known, doing), { now: new Date(), commits: {} });
      const found = importState(text, config);
      expect(found.ok && found.value.state).toEqual(known);
    }),
  );
});

test('property: nothing that a file can hold makes the reader throw', () => {
  const keys = fc.constantFrom('iteration', 'expected_actor', 'status', 'step_index', 'exit', 'last_prompt');
  fc.assert(fc.property(fc.dictionary(keys, fc.jsonValue()), (value) => void read(value)));
  fc.assert(fc.property(fc.string(), (text) => void read(text)));
});
