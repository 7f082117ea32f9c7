import { expect, test } from 'vitest';
import { buildGraph, checkPlan, levels } from '../../../src/plan/index.js';
import { load, planOf } from '../sample.js';

test('every default is filled in', () => {
  expect(load(planOf('  - {id: a, command: echo}\n'))).toEqual({
    plan_id: 'demo',
    version: '1.0',
    metadata: {},
    outputs: {},
    inputs: {},
    globals: {
      max_concurrency: 8,
      max_lost: 3,
      run_timeout_sec: 'none',
      finally_timeout_sec: 600,
      max_step_duration_sec: 'none',
      on_abort: 'fail',
      locks: [],
      env: {},
      env_aliases: {},
      pass_env: [],
      agents: {},
    },
    steps: [
      {
        id: 'a',
        name: 'a',
        tags: [],
        weight: 0,
        action: { type: 'command', command: 'echo', args: [], shell: false },
        env: {},
        depends_on: [],
        provides: [],
        consumes: [],
        trigger_rule: 'all_success',
        skip_if: [],
        on_failure: 'abort',
        critical: true,
        finally: false,
        timeout_sec: 1800,
        grace_sec: 10,
        retry: { retries: 0, delay_sec: 0, backoff: 'constant', no_retry_exit_codes: [] },
        success_exit_codes: [0],
        warning_exit_codes: [],
        locks: [],
        secrets: {},
        run_once: false,
        max_output_bytes: 1024 ** 3,
      },
    ],
  });
});

test('globals are the defaults of steps, and a step can switch them off', () => {
  const globals = 'globals: {default_retries: 2, default_retry_delay_sec: 5, default_timeout_sec: none}\n';
  const steps = [
    '  - {id: a, command: x}',
    '  - {id: b, command: x, retries: 0, timeout_sec: 7, retry: {backoff: exponential, max_delay_sec: 9, on: [lost]}}',
    '  - {id: c, step_def: {type: command, command: x, timeout_sec: 8}}',
    '  - {id: d, step_def: {type: noop}}\n',
  ];
  const plan = load(planOf(steps.join('\n'), globals));
  expect(plan.steps.map((step) => [step.retry, step.timeout_sec])).toEqual([
    [{ retries: 2, delay_sec: 5, backoff: 'constant', no_retry_exit_codes: [] }, 'none'],
    [{ retries: 0, delay_sec: 5, backoff: 'exponential', max_delay_sec: 9, on: ['lost'], no_retry_exit_codes: [] }, 7],
    [{ retries: 2, delay_sec: 5, backoff: 'constant', no_retry_exit_codes: [] }, 8],
    [{ retries: 2, delay_sec: 5, backoff: 'constant', no_retry_exit_codes: [] }, 'none'],
  ]);
});

test('null says the same as leaving a key out', () => {
  const nulls =
    'name: null, args: null, shell: null, stdin: null, step_def: null, cwd: null, env: null, depends_on: null, condition: null, skip_if: null, fallback_step: null, timeout_sec: null, retries: null, retry: null, queue: null, critical: null, ui_hints: null';
  const bare = planOf('  - {id: a, command: x}\n');
  expect(
    load(planOf(`  - {id: a, command: x, ${nulls}}\n`, 'globals: null\ninputs: null\nmetadata: null\nfinally: null\n')),
  ).toEqual(load(bare));
});

test('the graph has edges of depends_on and consumes, each once', () => {
  const plan = load(
    planOf(
      '  - {id: c, command: x, depends_on: [b, a], consumes: [lib]}\n  - {id: a, command: x, provides: [lib]}\n  - {id: b, command: x, depends_on: [a]}\n',
    ),
  );
  const graph = buildGraph(plan);
  expect(graph).toEqual({
    ids: ['c', 'a', 'b'],
    index: new Map([
      ['c', 0],
      ['a', 1],
      ['b', 2],
    ]),
    dependencies: [[1, 2], [], [1]],
    dependents: [[], [0, 2], [0]],
    mainCount: 3,
    fallbacks: [undefined, undefined, undefined],
    owners: [undefined, undefined, undefined],
  });
  expect(levels(graph)).toEqual([[1], [2], [0]]);
});

test('every key of the globals arrives', () => {
  const globals = [
    'run_timeout_sec: 60',
    'finally_timeout_sec: 5',
    'max_step_duration_sec: 30',
    'on_abort: quarantine',
    'breaker: {failures: 3}',
  ];
  expect(load(planOf('  - {id: a, command: x}\n', `globals: {${globals.join(', ')}}\n`)).globals).toMatchObject({
    run_timeout_sec: 60,
    finally_timeout_sec: 5,
    max_step_duration_sec: 30,
    on_abort: 'quarantine',
    breaker: { failures: 3, cooldown_sec: 60 },
  });
  expect(load(planOf('  - {id: a, command: x}\n', 'globals: {breaker: {}}\n')).globals.breaker).toEqual({
    failures: 5,
    cooldown_sec: 60,
  });
});

test('steps that run once the rest has ended stand behind the others, and fallbacks know their owners', () => {
  const plan = load(
    planOf(
      '  - {id: a, command: x, fallback_step: b, condition: "true", skip_if: "false"}\n  - {id: b, command: x, skip_if: ["false", "true"]}\n',
      'finally: [{id: z, command: x}]\n',
    ),
  );
  const brief = plan.steps.map((step) => [
    step.id,
    step.finally,
    step.fallback_step,
    step.fallback_of,
    step.condition,
    step.skip_if,
  ]);
  expect(brief).toEqual([
    ['a', false, 'b', undefined, 'true', ['false']],
    ['b', false, undefined, 'a', undefined, ['false', 'true']],
    ['z', true, undefined, undefined, undefined, []],
  ]);
});

test.each<[def: string, action: object, timeout: number | 'none']>([
  ['type: powershell, script: a.ps1', { type: 'powershell', script: 'a.ps1', args: [] }, 99],
  [
    'type: powershell, script: x, args: {-Force: true, Name: a}, stdin: i, timeout_sec: 3',
    { type: 'powershell', script: 'x', args: { '-Force': true, Name: 'a' }, stdin: 'i' },
    3,
  ],
  [
    'type: http, url: "http://h"',
    {
      type: 'http',
      url: 'http://h',
      method: 'GET',
      headers: {},
      expect_status: ['2xx'],
      max_body_bytes: 1_048_576,
    },
    99,
  ],
  [
    'type: http, url: "http://h", method: post, headers: {A: b}, body: {a: [1]}, expect_status: [200, "4xx"], max_body_bytes: 7',
    {
      type: 'http',
      url: 'http://h',
      method: 'POST',
      headers: { A: 'b' },
      body: { a: [1] },
      expect_status: [200, '4xx'],
      max_body_bytes: 7,
    },
    99,
  ],
  [
    'type: http, url: "http://h", method: "${method}", expect_status: 204',
    {
      type: 'http',
      url: 'http://h',
      method: '${method}',
      headers: {},
      expect_status: [204],
      max_body_bytes: 1_048_576,
    },
    99,
  ],
  ['type: approval', { type: 'approval', approvers: [], inputs: {}, default: 'reject' }, 'none'],
  [
    'type: approval, message: m, approvers: [a], inputs: {n: {type: integer, required: true}}, default: approve, timeout_sec: 4',
    {
      type: 'approval',
      message: 'm',
      approvers: ['a'],
      inputs: { n: { type: 'integer', required: true } },
      default: 'approve',
    },
    4,
  ],
  ['type: wait, seconds: 1.5', { type: 'wait', seconds: 1.5 }, 'none'],
  ['type: wait, until: "2030-01-31T08:00:00+01:00"', { type: 'wait', until: '2030-01-31T08:00:00+01:00' }, 'none'],
])('{%s}', (def, action, timeout) => {
  const { steps } = load(planOf(`  - {id: a, step_def: {${def}}}\n`, 'globals: {default_timeout_sec: 99}\n'));
  expect(steps[0]).toMatchObject({ timeout_sec: timeout, form: 'step_def' });
  expect(steps[0]!.action).toEqual(action);
});

test('the timeout of an approval may stand on the step', () => {
  const { steps } = load(planOf('  - {id: a, timeout_sec: 5, step_def: {type: approval}}\n'));
  expect(steps[0]!.timeout_sec).toBe(5);
});

test('a fallback stands in a wave behind its owner, and finally steps behind all others', () => {
  const plan = load(
    planOf(
      '  - {id: a, command: x, fallback_step: c}\n  - {id: b, command: x, depends_on: [a]}\n  - {id: c, command: x}\n  - {id: d, command: x, depends_on: [c]}\n',
      'finally: [{id: y, command: x, depends_on: [z]}, {id: z, command: x}]\n',
    ),
  );
  const graph = buildGraph(plan);
  expect(graph).toMatchObject({
    ids: ['a', 'b', 'c', 'd', 'y', 'z'],
    mainCount: 4,
    dependencies: [[], [0], [], [2], [5], []],
    fallbacks: [2, undefined, undefined, undefined, undefined, undefined],
    owners: [undefined, undefined, 0, undefined, undefined, undefined],
  });
  expect(levels(graph)).toEqual([[0], [1, 2], [3], [5], [4]]);
});

test('a plan that is data already is checked without a parser, with paths and no lines', () => {
  expect(checkPlan({ plan_id: 'a', version: '1.0', steps: [{ id: 'a' }] })).toEqual({
    ok: false,
    error: [
      {
        code: 'missing_action',
        severity: 'error',
        message: 'the step does nothing: it has neither command nor step_def',
        path: 'steps[0]',
        hint: 'write command, or step_def: {type: noop} for a step that only joins others',
      },
    ],
  });
  for (const value of [null, undefined, 3, 'x', []])
    expect(checkPlan(value)).toMatchObject({ ok: false, error: [{ code: 'not_a_plan' }] });
});
