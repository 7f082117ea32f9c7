import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { compactPlan, expandPlan, type CompactPlan } from '../../src/contract/compact-plan.js';
import { buildGraph, checkPlan } from '../../src/plan/index.js';
import type { Plan, Step } from '../../src/plan/model/plan.js';
import { stepField, stepKind } from '../../src/plan/model/step-fields.js';
import { REPO } from '../support/cli.js';

/** As it comes out of the history. */
function travelled<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function checked(source: unknown): Plan {
  const result = checkPlan(source);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return travelled(result.value.plan);
}

test.each(['quickstart.yaml', 'test-gate.yaml', 'safe-merge/safe-merge.yaml', 'docs-restore/docs-restore.yaml'])(
  'a plan comes out of its history as it was found good: %s',
  (name) => {
    const source = travelled(parse(readFileSync(path.join(REPO, 'examples', name), 'utf8')) as unknown);
    const plan = checked(source);
    expect(expandPlan(source, travelled(compactPlan(source, plan)))).toEqual(plan);
  },
);

test('every kind of step comes out as it was, `finally`, fallbacks and texts that name a step among them', () => {
  const text = 'x'.repeat(10_000);
  const source = {
    plan_id: 'kinds',
    version: '1.0',
    inputs: { A: { type: 'string', default: '/s1/' } },
    globals: { env: { E: 'e' }, max_concurrency: 3 },
    steps: [
      { id: 's1', command: 'echo', args: ['/s1/', 's1'], retries: 2, cwd: '/tmp/s1/x' },
      { id: 's2', name: 's2', step_def: { type: 'shell', script: text }, depends_on: ['s1'], fallback_step: 's3' },
      { id: 's3', step_def: { type: 'noop' } },
      { id: 's4', step_def: { type: 'http', url: 'http://127.0.0.1/', headers: { a: 'b' } } },
      { id: 's5', step_def: { type: 'approval', message: 'well?', timeout_sec: 5 } },
      { id: 's6', step_def: { type: 'wait', seconds: 1 } },
      { id: 's7', foreach: [1, null, { a: [] }], command: 'echo', args: ['${{ item }}'] },
    ],
    finally: [{ id: 'f1', command: 'true' }],
  };
  const plan = checked(source);
  const compact = travelled(compactPlan(source, plan));
  expect(expandPlan(source, compact)).toEqual(plan);
  // What the document says is not said again.
  expect(JSON.stringify(compact).length).toBeLessThan(8_000);
});

test('fields are read without a look at their steps, and say what the steps say', () => {
  const source = {
    plan_id: 'fields',
    version: '1.0',
    steps: [
      { id: 's1', command: 'echo', retries: 2, provides: ['p'] },
      { id: 's2', step_def: { type: 'shell', script: 'true' }, depends_on: ['s1'], fallback_step: 's3' },
      { id: 's3', step_def: { type: 'noop' }, consumes: ['p'] },
      { id: 's4', step_def: { type: 'approval', message: 'well?' }, condition: 'true' },
      { id: 's5', foreach: [1, 2], command: 'echo', args: ['${{ item }}'], depends_on: ['s4', 's2'] },
    ],
    finally: [{ id: 'f1', command: 'true' }],
  };
  const plan = checked(source);
  const { steps } = expandPlan(source, travelled(compactPlan(source, plan)));
  const keys = [...new Set(plan.steps.flatMap((step) => Object.keys(step) as (keyof Step)[]))].filter(
    (key) => key !== 'action',
  );
  const fields = plan.steps.map((_, i) => Object.fromEntries(keys.map((key) => [key, stepField(steps, key)(i)])));
  expect(fields).toEqual(plan.steps.map((step) => Object.fromEntries(keys.map((key) => [key, step[key]]))));
  expect(plan.steps.map((_, i) => stepKind(steps)(i))).toEqual(plan.steps.map(({ action }) => action.type));
  expect(buildGraph({ ...plan, steps })).toEqual(buildGraph(plan));
  expect(steps[2]).toBe(steps[2]);
});

test('a plan of ten thousand steps is little more than its defaults', () => {
  const steps = Array.from({ length: 10_000 }, (_, i) => ({
    id: `s${i}`,
    command: 'true',
    ...(i === 0 ? {} : { depends_on: [`s${i - 1}`] }),
  }));
  const source = { plan_id: 'chain', version: '1.0', steps };
  const plan = checked(source);
  const compact: CompactPlan = travelled(compactPlan(source, plan));
  expect(JSON.stringify(compact).length).toBeLessThan(5_000);
  expect(expandPlan(source, compact)).toEqual(plan);
});

test('steps that say the same share it: a hundred thousand of them fit into the memory of a worker', () => {
  const steps = Array.from({ length: 3 }, (_, i) => ({ id: `s${i}`, command: 'true' }));
  const source = { plan_id: 'alike', version: '1.0', steps };
  const [first, second, third] = expandPlan(source, travelled(compactPlan(source, checked(source)))).steps;
  expect(second!.retry).toBe(first!.retry);
  expect(third!.env).toBe(first!.env);
  expect(second!.action).not.toBe(first!.action);
});
