import { describe, expect, it } from 'vitest';
import { EXPRESSION_CODES, type ExpressionScope, type InputShape } from '../../../src/plan/expressions/index.js';
import type { InputType } from '../../../src/plan/model/plan.js';
import { parsed, problemsOf } from './support.js';

type Row = [
  text: string,
  code: string,
  message: string,
  offset: number | undefined,
  hint?: string | undefined,
  scope?: Partial<ExpressionScope>,
];

/** A comparison with an input of a type. */
function declared(type: InputType, text: string, message: string, hint: string): Row[] {
  return [[text, 'never_equal', message, 0, hint, { inputOf: () => ({ type }) }]];
}

/** Habits of other languages, and the hint for each. */
const HABITS: readonly [string, string][] = [
  ["${{ prev.a.status == 'success' }}", 'this is an expression already: leave out ${{ and }}'],
  ["prev.a.status == 'x' and true", "write && for 'and'"],
  ["prev.a.status == 'x' OR true", "write || for 'or'"],
  ["not prev.a.status == 'x'", "write ! for 'not', as in !(a == b)"],
  ["prev.a.status = 'and'", 'write == to compare'],
  ["prev.a.status === 'or'", 'write == and !='],
  ["prev.a.status <> 'not'", 'write != for unequal'],
  ["prev.a.status -eq 'x'", 'write ==, !=, <, <=, > or >='],
  ['true & true', 'write && for a logical and'],
  ['true | true', 'write || for a logical or'],
  ["${MODE} == 'fast'", 'a variable is read as env.NAME, an input as inputs.NAME'],
  ['True', 'write true'],
  ["steps.a.status == 'success'", 'an earlier step is read as prev.<step>.status or prev.<step>.outputs.<name>'],
];

const TABLE: readonly Row[] = [
  ['', 'expression_syntax', 'the expression is empty', 0],
  ['prev.a.status ==', 'expression_syntax', 'Unexpected token: the end', 16],
  ['(1', 'expression_syntax', "Expected ')', got the end", 2],
  ["'abc", 'expression_syntax', 'Unterminated string', 0],
  ['1 $ 2', 'expression_syntax', "unexpected character '$'", 2],
  [
    "(prev).a.status == 'x'",
    'expression_syntax',
    'a name must be written plainly',
    1,
    'no parentheses, comments or escapes inside it',
  ],
  ['[1].map(prev, prev)', 'expression_syntax', "'prev' already has a meaning", 8, 'use another name for the element'],
  ["prev.a.stauts == 'x'", 'unknown_property', "prev.a has no 'stauts'", 7, "did you mean 'status'?"],
  ["prev['a']['exitcode'] == 0", 'unknown_property', "prev.a has no 'exitcode'", 10, "did you mean 'exit_code'?"],
  [
    'prev.a.zzz',
    'unknown_property',
    "prev.a has no 'zzz'",
    7,
    'it has status, exit_code, outputs, attempts, duration_sec',
  ],
  [
    'prev.a.__class__',
    'unknown_property',
    "prev.a has no '__class__'",
    7,
    'it has status, exit_code, outputs, attempts, duration_sec',
  ],
  ['prev', 'unknown_property', 'prev is not a value by itself', 0, 'write prev.<step>.status'],
  ['size(prev) > 0', 'unknown_property', 'prev is not a value by itself', 5, 'write prev.<step>.status'],
  [
    'prev.a',
    'unknown_property',
    'prev.a is not a value by itself',
    0,
    'read one of its status, exit_code, outputs, attempts, duration_sec, such as prev.a.status',
  ],
  ['prev.a.outputs', 'unknown_property', 'prev.a.outputs is not a value by itself', 0, 'write prev.a.outputs.<name>'],
  ['run.name', 'unknown_property', "run has no 'name'", 4, 'it has id, attempt'],
  ['env', 'unknown_property', 'env is not a value by itself', 0, 'write env.NAME'],
  ['prve.a.status', 'unknown_name', "'prve' is not a known name", 0, "did you mean 'prev'?"],
  [
    'steps.a.status',
    'unknown_name',
    "'steps' is not a known name",
    0,
    'an earlier step is read as prev.<step>.status or prev.<step>.outputs.<name>',
  ],
  [
    'zzzzzz.status',
    'unknown_name',
    "'zzzzzz' is not a known name",
    0,
    'an expression knows prev, env, inputs, run, item, index',
  ],
  ['inputs.moed', 'unknown_name', "the plan has no input 'moed'", 0, "did you mean 'mode'?"],
  ['inputs.zzzzzz', 'unknown_name', "the plan has no input 'zzzzzz'", 0, 'declare it under inputs'],
  [
    "matches('x')",
    'unknown_function',
    "there is no function 'matches'",
    0,
    'the functions are has, size, string, int, double, bool, dyn',
  ],
  [
    "timestamp('2020-01-01T00:00:00Z')",
    'unknown_function',
    "there is no function 'timestamp'",
    0,
    'the functions are has, size, string, int, double, bool, dyn',
  ],
  [
    "env.A.matches('(a+)+')",
    'unknown_function',
    "there is no method 'matches'",
    6,
    'use startsWith, endsWith, contains or ==',
  ],
  ["env.A.startswith('x')", 'unknown_function', "there is no method 'startswith'", 6, "did you mean 'startsWith'?"],
  [
    'prev[env.X].status',
    'computed_step',
    'the step in prev[…] must be a literal: dependencies are known before the run starts',
    5,
  ],
  [
    "prev['a' + 'b'].status",
    'computed_step',
    'the step in prev[…] must be a literal: dependencies are known before the run starts',
    5,
  ],
  ['env[inputs.mode]', 'computed_name', 'the name in env[…] must be a literal', 4],
  ['prev.a.outputs[env.X]', 'computed_name', 'the name in prev.a.outputs[…] must be a literal', 15],
  ["prev.snapshot.status == 'x'", 'unknown_step_in_expression', "there is no step 'snapshot'", 0, undefined],
  [
    "1 == 1 && prev.snapshot_rpeo.status == 'x'",
    'unknown_step_in_expression',
    "there is no step 'snapshot_rpeo'",
    10,
    "did you mean 'snapshot_repo'?",
  ],
  [
    "prev.dotted.status == 'x'",
    'unknown_step_in_expression',
    "there is no step 'dotted'",
    0,
    "an id with a dot is written prev['dotted.id']",
  ],
  ["prev.later.status == 'x'", 'not_an_ancestor', "'later' may not have ended by then", 0, "add 'later' to depends_on"],
  [
    'has(prev.later.outputs.x)',
    'not_an_ancestor',
    "'later' may not have ended by then",
    4,
    "add 'later' to depends_on",
  ],
  ['item == 1', 'item_outside_foreach', 'item has a value only inside a foreach', 0, undefined, { foreach: false }],
  ['1 + index', 'item_outside_foreach', 'index has a value only inside a foreach', 4, undefined, { foreach: false }],
  [
    'prev.a.status',
    'expression_type',
    'the result must be true or false, not a string',
    0,
    'compare it with something, as in x == y',
    { wanted: 'bool' },
  ],
  [
    '1 + 1',
    'expression_type',
    'the result must be true or false, not a whole number',
    0,
    'compare it with something, as in x == y',
    { wanted: 'bool' },
  ],
  [
    'prev.a.attempts',
    'expression_type',
    'the result must be a list, not a whole number',
    0,
    undefined,
    { wanted: 'list' },
  ],
  ['prev.a.status == 1', 'expression_type', "'==' does not work with string and int", 0],
  ["1 == 1 && 'a' < 2", 'expression_type', "'<' does not work with string and int", 10],
  ["prev.a.status == 'succeeded'", 'never_equal', "prev.a.status is never 'succeeded'", 0, "did you mean 'success'?"],
  ["'SUCCESS' != prev.a.status", 'never_equal', "prev.a.status is never 'SUCCESS'", 13, "did you mean 'success'?"],
  [
    "prev.a.status in ['success', 'skiped']",
    'never_equal',
    "prev.a.status is never 'skiped'",
    0,
    "did you mean 'skipped'?",
  ],
  [
    "prev.a.status == 'running'",
    'never_equal',
    "prev.a.status is never 'running'",
    0,
    'it is one of success, warning, failed, skipped, canceled',
  ],
  [
    'prev.a.outputs.stdout == 10',
    'never_equal',
    'prev.a.outputs.stdout is never 10',
    0,
    'it is text; int(prev.a.outputs.stdout) makes it a number',
  ],
  ...declared(
    'integer',
    "inputs.n == '1'",
    "inputs.n is never '1'",
    'it is a whole number; write the number without quotes',
  ),
  ...declared('number', "inputs.n == '1'", "inputs.n is never '1'", 'it is a number; write the number without quotes'),
  ...declared(
    'boolean',
    "inputs.n != 'true'",
    "inputs.n is never 'true'",
    'it is true or false; write true or false without quotes',
  ),
  ...declared('string', 'inputs.n == -1', 'inputs.n is never -1', 'it is text; int(inputs.n) makes it a number'),
  [
    "inputs.mode == 'fsat'",
    'never_equal',
    "inputs.mode is never 'fsat'",
    0,
    "did you mean 'fast'?",
    { inputOf: () => ({ type: 'string', enum: ['fast', 'slow'] }) },
  ],
  [
    'inputs.mode',
    'expression_type',
    'the result must be true or false, not a string',
    0,
    'compare it with something, as in x == y',
    { wanted: 'bool', inputOf: () => ({ type: 'string' }) },
  ],
  [
    'inputs.n',
    'expression_type',
    'the result must be a list, not a whole number',
    0,
    undefined,
    { wanted: 'list', inputOf: () => ({ type: 'integer' }) },
  ],
  [
    'inputs.list + 1 == 2',
    'expression_type',
    "'+' does not work with list<dyn> and int",
    0,
    undefined,
    { inputOf: () => ({ type: 'array' }) },
  ],
  ["b'abc'", 'expression_type', 'bytes and unsigned integers are not JSON values', 0],
  ['5u', 'expression_type', 'bytes and unsigned integers are not JSON values', 0],
];

const inputOf = (name: string): InputShape =>
  name === 'mode' ? { type: 'string', enum: ['fast'] } : { type: 'integer' };

describe('checkExpression', () => {
  it.each(HABITS)('%s: %s', (text, hint) => {
    expect(problemsOf(text)).toMatchObject([{ hint }]);
  });

  it('lets pass what may be equal', () => {
    for (const text of [
      "prev.a.status in ['success', 'warning', 'failed', 'skipped', 'canceled']",
      "inputs.mode == 'fast' && inputs.n == 1 && inputs.n != -1 && 1 == inputs.n",
      "prev.a.outputs.stdout == '10' && prev.a.outputs.count == 10 && prev.a.exit_code == 0",
      "prev.a.outputs.report == 'x' || string(inputs.n) == '1' || inputs.mode.startsWith('x')",
    ]) {
      expect(problemsOf(text, { inputOf, wanted: 'bool' })).toEqual([]);
    }
  });

  it.each(TABLE)('%s: %s', (text, code, message, offset, hint, scope) => {
    expect(problemsOf(text, scope)).toEqual([
      { code, message, ...(hint === undefined ? {} : { hint }), ...(offset === undefined ? {} : { offset }) },
    ]);
  });

  it('knows what a dash in an id was meant to be', () => {
    expect(problemsOf("prev.kebab-id.status == 'x'")[0]).toMatchObject({
      code: 'unknown_property',
      hint: "an id with a dash is written prev['kebab-id']",
    });
  });

  it('tells everything that is wrong with the names at once', () => {
    const codes = problemsOf("prev.ghost.status == foo && prev.later.exit_cod == 1 && inputs.zzz == bar('x')").map(
      ({ code }) => code,
    );
    expect(codes).toEqual([
      'unknown_name',
      'unknown_property',
      'unknown_function',
      'unknown_step_in_expression',
      'unknown_name',
    ]);
  });

  it('accepts what is known at run time only where a condition or a list is wanted', () => {
    for (const text of [
      'inputs.flag',
      'prev.a.outputs.yes',
      'item.done',
      'inputs.flag ? true : item',
      'inputs.n in prev.a.outputs.files',
    ]) {
      expect(problemsOf(text, { wanted: 'bool' })).toEqual([]);
    }
    for (const text of [
      '[]',
      '[1]',
      "['a', 1]",
      'prev.a.outputs.files',
      "env.DRY_RUN.split(',')",
      'inputs.list.map(x, x)',
    ]) {
      expect(problemsOf(text, { wanted: 'list' })).toEqual([]);
    }
  });

  it('has a case for every code', () => {
    const seen = new Set([...TABLE.map(([, code]) => code), 'expression_too_long']);
    expect([...EXPRESSION_CODES].filter((code) => !seen.has(code))).toEqual([]);
  });
});

describe('the reads of an expression', () => {
  it('are each value once, with the place of its first use', () => {
    const { reads } = parsed(
      "prev.a.status == 'x' && prev['a'].status == env.B + env['B'] && has(prev.a.outputs.o) && prev.a.outputs.o.p[index] == inputs.n && run.id != run.id && [1].map(env2, env2 > 0)[0]",
    );
    expect(reads).toEqual({
      prevSteps: [
        { step: 'a', property: 'status', offset: 0 },
        { step: 'a', property: 'outputs', output: 'o', offset: 68 },
      ],
      env: ['B'],
      inputs: ['n'],
      run: ['id'],
      item: false,
      index: true,
    });
  });

  it('are not looked for in strings and comments', () => {
    expect(parsed('\'env.A\' + r"prev.b.status" // inputs.c').reads).toEqual({
      prevSteps: [],
      env: [],
      inputs: [],
      run: [],
      item: false,
      index: false,
    });
  });
});
