import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { evaluate, evaluateCondition, textForNumber } from '../../../src/plan/expressions/index.js';
import { STEP_STATUSES } from '../../../src/contract/statuses.js';
import { STEP_ENDS } from '../../../src/plan/expressions/reads.js';
import type { Json } from '../../../src/plan/model/values.js';
import { parsed, problemsOf, run, VALUES } from './support.js';

const TABLE: readonly [string, Json][] = [
  ["prev.snapshot_repo.status == 'success'", true],
  ['prev.snapshot_repo.status != "failed"', true],
  ["env.DRY_RUN == '1'", true],
  ["env['DRY_RUN'] == '1'", true],
  ["env.UNSET == ''", true],
  ["env['ODD.NAME']", 'odd'],
  ["prev['kebab-id'].exit_code == 0", false],
  ['prev["kebab-id"].exit_code', 2],
  ["prev[ 'dotted.id' ] . status", 'warning'],
  ["prev['a'].outputs['count'] + 1", 4],
  ["prev['kebab-id'].outputs['out-put']", 'k'],
  ['prev.a.outputs.files.size() > 0', true],
  ['size(prev.a.outputs.files) == 2', true],
  ['prev.a.outputs.files[1]', 'y.ts'],
  ["'x.ts' in prev.a.outputs.files", true],
  ["prev.a.outputs.files.exists(f, f.endsWith('.ts'))", true],
  ["prev.a.outputs.files.map(f, f + '!')", ['x.ts!', 'y.ts!']],
  ["prev.a.outputs.files.filter(f, f != 'x.ts').size()", 1],
  ['inputs.list.exists_one(x, x > 2)', true],
  ['inputs.list.all(x, x > 0)', true],
  ['inputs.list.map(x, x > 1, x * 10)', [30, 20]],
  [
    'inputs.list.map(v0, inputs.list.map(v1, v0 * v1 + inputs.n))',
    [
      [14, 8, 11],
      [8, 6, 7],
      [11, 7, 9],
    ],
  ],
  ['inputs.list.map(x, [x].map(x, x + 1))', [[4], [2], [3]]],
  ["inputs.mode in ['fast', 'deep']", true],
  ["inputs['kebab-input']", 'k'],
  ['inputs.n > 3', true],
  ['inputs.n >= 5.0', true],
  ['inputs.half > 2', true],
  ['inputs.half < inputs.n', true],
  ['inputs.half + 1', 3.5],
  ['inputs.n * 1.5', 7.5],
  ['inputs.n / 2', 2],
  ['inputs.n % 2 == 1', true],
  ['-inputs.n', -5],
  ['inputs.flag', true],
  ['!inputs.flag', false],
  ["item.name + '-x'", 'alpha-x'],
  ["item['name'] + string(index)", 'alpha2'],
  ['index == 2', true],
  ['item', { name: 'alpha', n: 4 }],
  ["prev.a.exit_code == 0 ? 'yes' : 'no'", 'yes'],
  ["inputs.n > 10 ? 'big' : inputs.n > 4 ? 'middle' : 'small'", 'middle'],
  ['has(prev.a.outputs.count)', true],
  ['has(prev.a.outputs.missing)', false],
  ["has(prev['kebab-id'].outputs['out-put'])", true],
  ["has(prev['kebab-id'].outputs.nope)", false],
  ['has(prev.a.outputs.report.ok)', true],
  ['has(prev.a.outputs.report.nope)', false],
  ['has(prev.never.exit_code)', false],
  ['has(env.DRY_RUN) && !has(env.UNSET)', true],
  ['has(inputs.n) && !has(inputs.unset)', true],
  ['has(item.name) && !has(item.colour)', true],
  ["has(prev.a.outputs.missing) && prev.a.outputs.missing == 'x'", false],
  ["has(prev.a.outputs.missing) ? prev.a.outputs.missing : 'none'", 'none'],
  ['prev.never.exit_code == null', true],
  ['prev.never.exit_code == 0', false],
  ['0 == prev.never.exit_code', false],
  ['prev.never.exit_code != 0', true],
  ['prev.never.duration_sec == null', true],
  ['prev.a.exit_code != null', true],
  ['prev.a.duration_sec >= 60', true],
  ['prev.a.duration_sec == 60', true],
  ["prev['kebab-id'].duration_sec < 1", true],
  ['prev.a.duration_sec / 8', 7.5],
  ['prev.a.attempts > 1', true],
  ['prev.a.outputs.count == 3', true],
  ["prev.a.outputs.count == '3'", false],
  ['prev.a.outputs.count', 3],
  ['prev.a.outputs.ratio', 0.5],
  ['prev.a.outputs.nothing == null', true],
  ['prev.a.outputs.yes', true],
  ["prev.a.outputs.report['odd key'][0] == 1", true],
  ["prev.a.outputs.report['odd key']", [1, 2, { deep: null }]],
  ["prev.a.outputs.report['constructor']", 'mine'],
  ['prev.a.outputs.report.constructor', 'mine'],
  ["prev.a.outputs.report == {'ok': 1}", false],
  ["prev.a.outputs.text.startsWith('he') && prev.a.outputs.text.contains('ll')", true],
  ["prev.a.outputs.text.upperAscii() + ' ' + prev.a.outputs.text.substring(1, 3)", 'HELLO el'],
  ["'a,b'.split(',').join('-')", 'a-b'],
  ["{'a': inputs.n, 'b': [1.5, 'x', null]}", { a: 5, b: [1.5, 'x', null] }],
  ['[]', []],
  ["[1, 'a', true]", [1, 'a', true]],
  ['run.id + "/" + string(run.attempt)', 'demo-1/1'],
  ['int(env.DRY_RUN) + 1', 2],
  ["double('2.5')", 2.5],
  ["bool('true')", true],
  ["prev.snapshot_repo.status == 'success' && (env.DRY_RUN != '1' || inputs.flag) // why", true],
  ["prev.a.status in ['success', 'warning'] &&\n  prev['kebab-id'].status == 'failed'", true],
  ["r'a\\b' + \"it's\" + '''x'y'''", "a\\bit'sx'y"],
  ["'prev.nope.status'", 'prev.nope.status'],
];

describe('evaluate', () => {
  it.each(TABLE)('works out %s', (text, value) => {
    expect(problemsOf(text).filter((found) => found.message !== "the plan has no input 'unset'")).toEqual([]);
    expect(run(text)).toEqual({ ok: true, value });
  });

  it.each([
    ['prev.a.outputs.missing', 'prev.a.outputs.missing has no value; has(prev.a.outputs.missing) checks for one'],
    [
      "prev['kebab-id'].outputs.x == 1",
      "prev['kebab-id'].outputs.x has no value; has(prev['kebab-id'].outputs.x) checks for one",
    ],
    ['prev.ghost.exit_code', 'prev.ghost.exit_code has no value; has(prev.ghost.exit_code) checks for one'],
    ['inputs.unset', 'inputs.unset has no value; has(inputs.unset) checks for one'],
    ['prev.a.outputs.report.nope', 'No such key: nope'],
    ['prev.a.outputs.files[9]', 'No such key: index out of bounds, index 9 >= size 2'],
    ['1 / 0', 'division by zero'],
    ['1.0 / 0', 'Infinity is not a JSON number'],
    ['9007199254740992 + 0', '9007199254740992 is too large for a JSON number'],
    ['9223372036854775807 + 1', 'integer overflow: 9223372036854775808'],
    ['inputs.mode > 3', "'>' does not work with string and int"],
    ['-inputs.mode', "'-' does not work with string"],
    [
      'prev.a.outputs.size > 10',
      "'>' does not work with string and int; prev.a.outputs.size is the text '12': int(prev.a.outputs.size) makes it a number",
    ],
    [
      'inputs.n + prev.a.outputs.share > 1',
      "'+' does not work with int and string; prev.a.outputs.share is the text '0.5': double(prev.a.outputs.share) makes it a number",
    ],
    ["int('x')", 'int() type error: cannot convert to int'],
  ])('%s fails with a message', (text, message) => {
    expect(run(text)).toEqual({ ok: false, message });
  });

  it('refuses an expression that has problems', () => {
    expect(run('prev.a.stauts')).toEqual({ ok: false, message: "prev.a has no 'stauts'" });
  });

  it('takes nothing but true and false for a condition', () => {
    expect(evaluateCondition(parsed('inputs.flag'), VALUES)).toEqual({ ok: true, value: true });
    expect(evaluateCondition(parsed('inputs.n'), VALUES)).toEqual({
      ok: false,
      message: 'the result is neither true nor false',
    });
    expect(evaluateCondition(parsed('inputs.gone'), VALUES).ok).toBe(false);
  });

  it('gives back any JSON as it was, integers as integers', () => {
    const echo = parsed('inputs.n');
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (json) => {
        // JSON has no negative zero.
        const value = JSON.parse(JSON.stringify(json)) as Json;
        expect(evaluate(echo, { ...VALUES, inputs: { n: value } })).toEqual({ ok: true, value });
      }),
    );
  });

  it('compares any whole numbers as JavaScript does', () => {
    const compare = parsed('[inputs.a < inputs.b, inputs.a == inputs.b, inputs.a + inputs.b > inputs.a]');
    const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, min: -1e6, max: 1e6 }));
    fc.assert(
      fc.property(number, number, (a, b) => {
        const value = [a < b, a === b, a + b > a];
        expect(evaluate(compare, { ...VALUES, inputs: { a, b } })).toEqual({ ok: true, value });
      }),
    );
  });

  it('leaves the values as they were', () => {
    const before = structuredClone(VALUES);
    for (const [text] of TABLE) run(text);
    expect(VALUES).toEqual(before);
  });

  it('gives the same for the same, however often', () => {
    for (const [text] of TABLE) {
      const expression = parsed(text);
      const first = evaluate(expression, VALUES);
      for (let again = 0; again < 3; again += 1) expect(evaluate(expression, VALUES)).toEqual(first);
      expect(evaluate(parsed(text), VALUES)).toEqual(first);
    }
  });
});

describe('a text that looks like a number, compared with one', () => {
  const values = { ...VALUES, item: '3', inputs: { half: '2.5', word: 'two', n: 5 } };

  it.each([
    ['inputs.half == 2.5', "inputs.half is the text '2.5': double(inputs.half) makes it a number"],
    ['1 == 1 && inputs.half in [1, 2]', "inputs.half is the text '2.5': double(inputs.half) makes it a number"],
    ['inputs.word == 2', undefined],
    ['inputs.n == 6', undefined],
    ["inputs.half == '2'", undefined],
    ['double(inputs.half) == 3.0', undefined],
  ])('%s: %s', (text, note) => {
    expect(textForNumber(parsed(text), values)).toBe(note);
  });

  it('is told of outputs', () => {
    const prev = { g: { status: 'success', attempts: 1, outputs: { n: '10' } } };
    expect(textForNumber(parsed('prev.g.outputs.n == 10'), { ...VALUES, prev })).toBe(
      "prev.g.outputs.n is the text '10': int(prev.g.outputs.n) makes it a number",
    );
  });
});

it('the statuses that an expression may compare with are those of ended steps', () => {
  const open = ['pending', 'running', 'waiting'];
  expect(STEP_STATUSES.filter((status) => !open.includes(status))).toEqual(STEP_ENDS);
});
