import { expect, test } from 'vitest';
import {
  checkPlan,
  inputToEnv,
  resolveApprovalInputs,
  resolveInputs,
  type ApprovalAction,
} from '../../../src/plan/index.js';
import { load, planOf } from '../sample.js';

const plan = load(
  planOf(
    '  - {id: a, command: x}\n',
    `inputs:
  branch: {required: true}
  count: {type: integer, default: 3}
  ratio: {type: number}
  dry: {type: boolean, default: null}
  list: {type: array}
  map: {type: object}
  mode: {enum: [fast, slow], default: fast}
  needless: {required: true, default: x}
`,
  ),
);

test('defaults are filled in, and what is neither given nor required is left out', () => {
  expect(resolveInputs(plan, { branch: 'main' })).toEqual({
    ok: true,
    value: { branch: 'main', count: 3, mode: 'fast', needless: 'x' },
  });
});

test('strings of the command line are converted', () => {
  const given = {
    branch: '3',
    count: '-7',
    ratio: '1.5e3',
    dry: 'false',
    list: '[1, "a"]',
    map: '{"a": null}',
    mode: 'slow',
  };
  expect(resolveInputs(plan, given)).toEqual({
    ok: true,
    value: {
      branch: '3',
      count: -7,
      ratio: 1500,
      dry: false,
      list: [1, 'a'],
      map: { a: null },
      mode: 'slow',
      needless: 'x',
    },
  });
});

test('all that is wrong is told at once', () => {
  const given = { count: '3.5', ratio: '0x10', dry: 'yes', list: '{}', map: [], mode: 'slwo', cuont: '1', PORT: '80' };
  const resolved = resolveInputs(plan, given);
  expect(!resolved.ok && resolved.error.map((each) => [each.code, each.message, each.hint])).toEqual([
    ['unknown_input', "the plan has no input 'cuont'", "did you mean 'count'?"],
    ['unknown_input', "the plan has no input 'PORT'", 'other values may be given with --env PORT=VALUE'],
    ['missing_input', "the input 'branch' has no value", 'give it with --input branch=VALUE'],
    ['wrong_type', "the input 'count' must be a whole number, not '3.5'", undefined],
    ['wrong_type', "the input 'ratio' must be a number, not '0x10'", undefined],
    ['wrong_type', "the input 'dry' must be true or false, not 'yes'", undefined],
    ['wrong_type', "the input 'list' must be a list, not '{}'; give it as JSON", undefined],
    ['wrong_type', "the input 'map' must be a map, not a list", undefined],
    ['invalid_value', "the input 'mode' must be one of fast, slow, not 'slwo'", "did you mean 'slow'?"],
  ]);
});

test.each([
  ['a b', 'a b'],
  [3, '3'],
  [true, 'true'],
  [['a', 1], '["a",1]'],
  [{ a: 1 }, '{"a":1}'],
])('%j is %s to a process', (value, expected) => {
  expect(inputToEnv(value)).toBe(expected);
});

test('what an approver gives is resolved in the same way', () => {
  const { steps } = load(
    planOf(
      '  - {id: a, step_def: {type: approval, inputs: {version: {required: true}, count: {type: integer, default: 1}}}}\n',
    ),
  );
  const action = steps[0]!.action as ApprovalAction;
  expect(resolveApprovalInputs(action, { version: '1.2', count: '5' })).toEqual({
    ok: true,
    value: { version: '1.2', count: 5 },
  });
  expect(resolveApprovalInputs(action, { versoin: 'x', other: 1, count: [] })).toEqual({
    ok: false,
    error: [
      {
        code: 'unknown_input',
        severity: 'error',
        message: "the approval has no input 'versoin'",
        hint: "did you mean 'version'?",
      },
      {
        code: 'unknown_input',
        severity: 'error',
        message: "the approval has no input 'other'",
        hint: 'it asks for version, count',
      },
      {
        code: 'missing_input',
        severity: 'error',
        message: "the input 'version' has no value",
        hint: 'give it with --input version=VALUE',
      },
      { code: 'wrong_type', severity: 'error', message: "the input 'count' must be a whole number, not a list" },
    ],
  });
});

test('a name that the plan mentions takes a string without being declared; one that nothing mentions is refused', () => {
  const checked = checkPlan({
    plan_id: 'older',
    steps: [
      { id: 'a', command: 'git', args: ['checkout', '${BRANCH}'] },
      { id: 'b', command: 'echo "$TAG"', shell: true },
    ],
  });
  if (!checked.ok) throw new Error('the plan is wrong');
  const { plan: older } = checked.value;
  expect(resolveInputs(older, { BRANCH: 'main', TAG: '3' })).toEqual({ ok: true, value: { BRANCH: 'main', TAG: '3' } });
  const refused = resolveInputs(older, { BRANHC: 'main' });
  expect(refused.ok ? [] : refused.error.map((each) => [each.code, each.hint])).toEqual([
    ['unknown_input', "did you mean 'BRANCH'?"],
  ]);
});
