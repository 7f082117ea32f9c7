import { expect, test } from 'vitest';
import { buildGraph, checkPlan, levels } from '../../src/plan/index.js';
import { load, planOf } from './sample.js';

test('every default is filled in', () => {
  expect(load(planOf('  - {id: a, command: echo}\n'))).toEqual({
    plan_id: 'demo',
    version: '1.0',
    metadata: {},
    inputs: {},
    globals: { max_concurrency: 8, max_lost: 3, env: {}, pass_env: [] },
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
        on_failure: 'abort',
        critical: true,
        timeout_sec: 1800,
        grace_sec: 10,
        retry: { retries: 0, delay_sec: 0, backoff: 'constant', no_retry_exit_codes: [] },
        success_exit_codes: [0],
        warning_exit_codes: [],
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
    'name: null, args: null, shell: null, stdin: null, step_def: null, cwd: null, env: null, depends_on: null, timeout_sec: null, retries: null, retry: null, queue: null, critical: null, ui_hints: null';
  const bare = planOf('  - {id: a, command: x}\n');
  expect(load(planOf(`  - {id: a, command: x, ${nulls}}\n`, 'globals: null\ninputs: null\nmetadata: null\n'))).toEqual(
    load(bare),
  );
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
  });
  expect(levels(graph)).toEqual([[1], [2], [0]]);
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
