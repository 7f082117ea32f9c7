import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { loadPlanFile, type LoadedPlans } from '../../src/client/plan-files.js';
import { prepareRerun, prepareRun } from '../../src/client/prepare.js';
import { decideRerun } from '../../src/client/rerun.js';
import type { PastRun } from '../../src/client/rerun-types.js';
import { checkPlanSet } from '../../src/plan/files/check-set.js';
import { tempDir } from '../support/plans.js';

vi.mock('../../src/plan/files/check-set.js', { spy: true });
const checks = (): number => vi.mocked(checkPlanSet).mock.calls.length;
beforeEach(() => void vi.mocked(checkPlanSet).mockClear());

const step = (id: string, text = id): object => ({ id, step_def: { type: 'shell', script: `echo ${text}` } });
const main = {
  plan_id: 'main',
  version: '1.0',
  inputs: { WHO: { type: 'string' } },
  steps: [step('a', '"${WHO}"'), { id: 'b', step_def: { type: 'plan', plan: 'sub.json' }, depends_on: ['a'] }],
};
const sub = { plan_id: 'sub', version: '1.0', steps: [step('c')] };

async function load(): Promise<LoadedPlans> {
  const dir = tempDir();
  writeFileSync(path.join(dir, 'main.json'), JSON.stringify(main));
  writeFileSync(path.join(dir, 'sub.json'), JSON.stringify(sub));
  const loaded = await loadPlanFile('main.json', { cwd: dir });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value;
}

const options = { inputs: { WHO: 'you' }, from: {}, baseDir: '/work' };

test('a plan that was read from a file is checked once on its way to a start, with all of its sub-plans', async () => {
  const prepared = prepareRun(await load(), { ...options, runId: 'mine', select: { skip: ['b'] } }, true);
  expect(checks()).toBe(1);
  expect(prepared).toMatchObject({
    plan: { plan_id: 'main' },
    digest: prepared.input.digest,
    warnings: [],
    notes: [],
    runId: 'mine',
    input: { inputs: { WHO: 'you' }, env: {}, base_dir: '/work', left_out: ['b'], plan_path: 'main.json', plan: main },
  });
  expect([...prepared.subPlans.keys()]).toEqual(['sub.json']);
  expect(prepared.digest).toMatch(/^[0-9a-f]{64}$/);
});

test('an input with a NUL is refused by its name, for each process would have it; in JSON it is escaped', () => {
  const source = { plan_id: 'nul', steps: [step('a')], inputs: { TEXT: { type: 'string' }, LIST: { type: 'array' } } };
  const start = (inputs: object): unknown =>
    prepareRun({ source }, { ...options, inputs: inputs as never }, true).input;
  expect(() => start({ TEXT: 'a\0b' })).toThrow(
    "the input 'TEXT' holds a NUL character, which no environment variable can carry",
  );
  expect(start({ LIST: ['a\0b'] })).toMatchObject({ inputs: { LIST: ['a\0b'] } });
});

test('a plan that was changed after it was read is checked again, and so is one of which nothing is known', async () => {
  const loaded = await load();
  const changed = { ...loaded, plans: { 'sub.json': { ...sub, steps: [step('c'), step('c')] } } };
  expect(() => prepareRun(changed, options, true)).toThrow(expect.objectContaining({ code: 'invalid_plan' }));
  expect(checks()).toBe(2);
  (loaded.source as typeof main).steps.push(step('d'));
  expect(prepareRun(loaded, options, true).plan.steps).toHaveLength(3);
  expect(checks()).toBe(3);
  prepareRun({ source: sub }, { from: {} }, true);
  expect(checks()).toBe(4);
});

test('a plan that comes to run itself after it was read is refused, and not followed for ever', async () => {
  const loaded = await load();
  const circle = { ...sub, steps: [{ id: 'c', step_def: { type: 'plan', plan: 'sub.json' } }] };
  const prepare = (): unknown => prepareRun({ ...loaded, plans: { 'sub.json': circle } }, options, true);
  expect(prepare).toThrow(expect.objectContaining({ code: 'invalid_plan' }));
});

test('a rerun takes over what went well, with the plans that were checked for it', async () => {
  const next = prepareRun(await load(), options, true);
  const past: PastRun = {
    run_id: 'before',
    plan: next.plan,
    input: next.input,
    steps: [
      { id: 'a', status: 'success', attempts: 1, exit_code: 0, log_dir: '/logs' },
      { id: 'b', status: 'failed', attempts: 1 },
    ],
  };
  const again = prepareRerun(next, past, decideRerun(past, next));
  expect(again).toEqual({
    ...next,
    input: {
      ...next.input,
      rerun_of: 'before',
      reused: { a: { status: 'success', message: 'from before', attempts: 1, exit_code: 0, log_dir: '/logs' } },
    },
  });
  expect(prepareRerun(next, past, { reused: [], again: [], left_out: ['a'] }).input.left_out).toEqual(['a']);
  expect(checks()).toBe(1);
});

function codes(prepare: () => unknown): string[] | undefined {
  try {
    prepare();
  } catch (error) {
    return (error as { diagnostics: { code: string }[] }).diagnostics.map(({ code }) => code);
  }
  return undefined;
}

test('what is wrong beside the plans is told all at once', async () => {
  const loaded = await load();
  const wrong = { inputs: { WHAT: 1 }, select: { only: ['z'] }, from: {} };
  expect(codes(() => prepareRun(loaded, wrong, false))).toEqual([
    'unknown_input',
    'relative_cwd_on_remote_service',
    'relative_cwd_on_remote_service',
    'unknown_step',
  ]);
});
