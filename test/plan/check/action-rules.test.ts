import { expect, test } from 'vitest';
import { brief, load, planOf, refuse } from '../sample.js';

test.each<[def: string, expected: string]>([
  ['type: wait', 'missing_key steps[0].step_def.seconds'],
  ['type: wait, seconds: 1, until: "2030-01-31T08:00:00Z"', 'conflicting_keys steps[0].step_def.until'],
  ['type: wait, seconds: -1', 'out_of_range steps[0].step_def.seconds'],
  ['type: wait, until: tomorrow', 'invalid_value steps[0].step_def.until'],
  ['type: wait, until: "2030-01-31T08:00:00"', 'invalid_value steps[0].step_def.until'],
  ['type: wait, until: "2030-02-31T08:00:00Z"', 'invalid_value steps[0].step_def.until'],
  ['type: wait, until: "2030-01-31T25:00:00Z"', 'invalid_value steps[0].step_def.until'],
  ['type: powershell', 'missing_key steps[0].step_def.script'],
  ['type: powershell, script: x, args: 3', 'wrong_type steps[0].step_def.args'],
  ['type: powershell, script: x, args: {"a b": 1}', 'invalid_name steps[0].step_def.args["a b"]'],
  ['type: http', 'missing_key steps[0].step_def.url'],
  ['type: http, url: example.org', 'invalid_value steps[0].step_def.url'],
  ['type: http, url: "file:///etc/passwd"', 'invalid_value steps[0].step_def.url'],
  ['type: http, url: "http://h", body: x', 'conflicting_keys steps[0].step_def.body'],
  ['type: http, url: "http://h", method: head, body: {}', 'conflicting_keys steps[0].step_def.body'],
  ['type: http, url: "http://h", expect_status: ok', 'invalid_value steps[0].step_def.expect_status'],
  ['type: http, url: "http://h", expect_status: 99', 'out_of_range steps[0].step_def.expect_status'],
  ['type: http, url: "http://h", expect_status: []', 'out_of_range steps[0].step_def.expect_status'],
  ['type: http, url: "http://h", expect_status: true', 'wrong_type steps[0].step_def.expect_status'],
  ['type: http, url: "http://h", expect_status: [200, 204-200]', 'invalid_value steps[0].step_def.expect_status[1]'],
  ['type: approval, default: maybe', 'invalid_value steps[0].step_def.default'],
  ['type: approval, inputs: {a-b: {}}', 'invalid_name steps[0].step_def.inputs.a-b'],
  ['type: approval, inputs: {n: {type: integer, default: x}}', 'wrong_type steps[0].step_def.inputs.n.default'],
  ['type: approval, inputs: {n: {typ: integer}}', 'unknown_key steps[0].step_def.inputs.n.typ'],
])('{%s} is refused', (def, expected) => {
  expect(brief(refuse(planOf(`  - {id: a, step_def: {${def}}}\n`))).map((line) => line.replace(/^\S+ /, ''))).toEqual([
    expected,
  ]);
});

test.each([
  'type: wait, seconds: 0',
  'type: wait, until: "2028-02-29T23:59:59.5-11:30"',
  'type: http, url: "${HOST}/x", method: put, body: x',
  'type: http, url: "https://h", method: "${{ inputs.m }}", body: null',
  'type: http, url: "https://h", expect_status: ["2XX", 304, 400-404]',
  'type: approval, timeout_sec: 5',
])('{%s} is let pass', (def) => {
  expect(load(planOf(`  - {id: a, step_def: {${def}}}\n`, 'inputs: {m: {}}\n')).steps).toHaveLength(1);
});

test('a time limit of a wait is refused, and so is none for finally steps', () => {
  const text = planOf(
    '  - {id: a, timeout_sec: 1, step_def: {type: wait, seconds: 1}}\n',
    'globals: {finally_timeout_sec: none}\n',
  );
  expect(brief(refuse(text))).toEqual([
    '3:32 wrong_type globals.finally_timeout_sec',
    '5:13 conflicting_keys steps[0].timeout_sec',
  ]);
});

const ask = (id: string, more: string): string => `  - {id: ${id}, step_def: {type: approval, key: k, ${more}}}\n`;

test('approvals of one key ask the same people for the same things', () => {
  const same = 'approvers: [ann], inputs: {v: {type: integer}}';
  const places = (more: string) =>
    refuse(planOf(ask('a', same) + ask('b', more))).map(({ code, path }) => [code, path]);
  load(planOf(ask('a', same) + ask('b', same)));
  expect(places('approvers: [bob], inputs: {v: {}}')).toEqual([
    ['conflicting_keys', 'steps[1].step_def.approvers'],
    ['conflicting_keys', 'steps[1].step_def.inputs'],
  ]);
  expect(places('approvers: [ann]')).toEqual([['conflicting_keys', 'steps[1].step_def.key']]);
});
