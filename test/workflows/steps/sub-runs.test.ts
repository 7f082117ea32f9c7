import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createWorker } from '../../../dist/worker/index.js';
import { loadPlanFile, OrchClient, OrchError } from '../../../src/client/index.js';
import { ENGINE_VERSION } from '../../../src/contract/run-input.js';
import { payloadCodec } from '../../../src/temporal/payload-codec.js';
import { eventually } from '../../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../../support/plans.js';
import { quietRuntime } from '../../support/quiet-runtime.js';

let environment: TestWorkflowEnvironment;
let orch: OrchClient;
let stop: () => Promise<void>;
const stateDir = tempDir();

beforeAll(async () => {
  quietRuntime();
  environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: inject('temporalBinary') } },
    client: { dataConverter: { payloadCodecs: [payloadCodec] } },
  });
  const { address } = environment;
  const worker = await createWorker({ connection: environment.nativeConnection, stateDir });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
  };
  orch = await OrchClient.connect({ service: { connection: { address }, address, namespace: 'default' } });
});
afterAll(async () => {
  await orch.close();
  await stop();
  await environment.teardown();
});

const handleOf = (runId: string): WorkflowHandle => environment.client.workflow.getHandle(runId);
const planOf = (steps: unknown[], more: object = {}): Record<string, unknown> => ({
  plan_id: 'test',
  version: '1.0',
  steps,
  ...more,
});
const sub = (id: string, plan: string, more: object = {}): object => ({
  id,
  step_def: { type: 'plan', plan, ...more },
});

test('a plan file with its sub-plans is loaded and started; a plan object brings them along', async () => {
  const dir = tempDir();
  writePlan(dir, { steps: [{ id: 'x', command: 'touch', args: ['from-file'] }] }, 's.json');
  const loaded = await loadPlanFile(writePlan(dir, { steps: [sub('b', 's.json')] }));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const source = planOf([sub('b', 'any/name')]);
  const plans = { 'any/name': planOf([{ id: 'x', command: 'touch', args: ['from-object'] }]) };
  for (const plan of [loaded.value, { source, plans }]) {
    const { run_id } = await orch.start(plan, { baseDir: dir });
    expect((await orch.result(run_id)).status).toBe('succeeded');
  }
  expect(['from-file', 'from-object'].map((name) => existsSync(path.join(dir, name)))).toEqual([true, true]);
  const refused = await orch.start({ source }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'invalid_plan', diagnostics: [{ code: 'sub_plan_missing' }] });
  expect(refused).toBeInstanceOf(OrchError);
});

test('the run of a sub-plan has a parent, its memo and summary; its input holds what it needs and no more', async () => {
  const runId = uniqueId('run');
  const plans = {
    'a/s.json': planOf([sub('deep', '../deep.json')], {
      plan_id: 's',
      description: 'The inner plan',
      metadata: { project: 'demo', tags: ['x'] },
    }),
    'deep.json': planOf([{ id: 'x', command: 'true' }]),
    'other.json': planOf([{ id: 'x', command: 'true' }]),
  };
  const source = planOf([sub('b', 'a/s.json'), sub('c', 'other.json')]);
  await orch.start({ source, plans }, { runId, baseDir: stateDir, startedBy: 'me' });
  await orch.result(runId);
  const described = await handleOf(`${runId}.b`).describe();
  expect(described.parentExecution?.workflowId).toBe(runId);
  expect(await described.staticSummary()).toBe('The inner plan');
  expect(described.memo).toEqual({
    plan: 's',
    parent_run_id: runId,
    started_by: 'me',
    engine_version: ENGINE_VERSION,
    project: 'demo',
    tags: ['x'],
  });
  const { input } = await orch.pastRun(`${runId}.b`);
  expect([input.plan_path, Object.keys(input.plans ?? {}), input.base_dir]).toEqual([
    'a/s.json',
    ['deep.json'],
    stateDir,
  ]);
  expect(Object.keys((await orch.pastRun(`${runId}.c`)).input)).not.toContain('plans');
});

test('a parent that is terminated leaves no children', async () => {
  const dir = tempDir();
  const runId = uniqueId('run');
  const plans = {
    's.json': planOf([sub('deep', 'deep.json')]),
    'deep.json': planOf([{ id: 'x', command: 'touch here; exec sleep 60', shell: true }]),
  };
  await orch.start({ source: planOf([sub('b', 's.json')]), plans }, { runId, baseDir: dir });
  await eventually('the inner step runs', () => existsSync(path.join(dir, 'here')));
  await handleOf(runId).terminate('by hand');
  for (const id of [`${runId}.b`, `${runId}.b.deep`]) {
    await eventually(`${id} is terminated`, async () => (await handleOf(id).describe()).status.name === 'TERMINATED');
  }
});

test('a child that is terminated, or whose id is taken, fails its step', async () => {
  const dir = tempDir();
  const runId = uniqueId('run');
  const plans = { 's.json': planOf([{ id: 'x', command: 'until [ -e go ]; do sleep 0.05; done', shell: true }]) };
  await orch.start({ source: plans['s.json'] }, { runId: `${runId}.taken`, baseDir: dir });
  const steps = [
    { ...sub('b', 's.json'), on_failure: 'continue' },
    { ...sub('taken', 's.json'), on_failure: 'continue' },
  ];
  await orch.start({ source: planOf(steps), plans }, { runId, baseDir: dir });
  await eventually('the child runs', async () => (await orch.progress(runId)).steps[0]!.sub_runs?.length === 1);
  await handleOf(`${runId}.b`).terminate();
  const result = await orch.result(runId);
  expect(result.steps.map(({ status, reason, message }) => [status, reason, message])).toEqual([
    ['failed', 'sub_plan_failed', `SubPlanError: run '${runId}.b' was terminated`],
    ['failed', 'sub_plan_failed', `SubPlanError: there is already a run with the id '${runId}.taken'`],
  ]);
  writeFileSync(path.join(dir, 'go'), '');
});

test('a run whose id would be longer than Temporal takes is not tried', async () => {
  const runId = uniqueId('x'.repeat(970)).padEnd(998, '-');
  const plans = { 's.json': planOf([{ id: 'x', command: 'true' }]) };
  const source = planOf([{ ...sub('bb', 's.json'), retries: 9 }]);
  const prepared = orch.prepare({ source, plans }, { baseDir: stateDir });
  await orch.start({ ...prepared, runId }); // nobody may choose as long a one, but sub-plans of sub-plans come to it
  expect((await orch.result(runId)).steps).toMatchObject([
    {
      status: 'failed',
      reason: 'sub_plan_failed',
      message: 'SubPlanError: the id of its run would have 1001 characters; Temporal allows 1000',
      attempts: 0,
    },
  ]);
});

test('`queue` is the task queue of the sub-plan and its steps', async () => {
  const runId = uniqueId('run');
  const worker = await createWorker({ connection: environment.nativeConnection, stateDir, taskQueue: 'builders' });
  const plans = { 's.json': planOf([{ id: 'x', command: 'true' }]) };
  await worker.runUntil(async () => {
    await orch.start(
      { source: planOf([{ ...sub('b', 's.json'), queue: 'builders' }]), plans },
      { runId, baseDir: stateDir },
    );
    expect((await orch.result(runId)).status).toBe('succeeded');
  });
  expect((await handleOf(`${runId}.b`).describe()).taskQueue).toBe('builders');
});

test('many sub-plans start in several workflow tasks', async () => {
  const big = planOf([{ id: 'x', command: 'true' }], { description: 'x'.repeat(100_000) });
  const steps = [{ ...sub('b', 's.json'), foreach: Array.from({ length: 30 }, (_, i) => i) }];
  const { run_id } = await orch.start(
    { source: planOf(steps, { globals: { max_concurrency: 30 } }), plans: { 's.json': big } },
    { baseDir: stateDir },
  );
  expect((await orch.result(run_id)).status).toBe('succeeded');
});

test('inputs of a sub-plan have a limit', async () => {
  const plans = { 's.json': planOf([{ id: 'x', command: 'true' }], { inputs: { A: { type: 'string' } } }) };
  const say = 'head -c 60000 /dev/urandom | base64 -w0 | sed "s/^/x=/" > "$ORCH_OUTPUT"';
  const inputs = { A: '${{ prev.a.outputs.x + prev.a.outputs.x }}' };
  const steps = [
    { id: 'a', command: say, shell: true },
    { ...sub('large', 's.json', { inputs }), depends_on: ['a'] },
  ];
  const { run_id } = await orch.start({ source: planOf(steps), plans }, { baseDir: stateDir });
  expect((await orch.result(run_id)).steps[1]).toMatchObject({
    reason: 'input_invalid',
    message: 'InputError: the inputs have 160008 characters, more than 131072; pass large data as a file',
  });
});

test('what one run starts in sub-plans has a limit', async () => {
  const big = planOf([{ id: 'x', command: 'true' }], { description: 'x'.repeat(1_800_000) });
  const many = { ...sub('many', 's.json'), foreach: Array.from({ length: 15 }, (_, i) => i) };
  const { run_id } = await orch.start({ source: planOf([many]), plans: { 's.json': big } }, { baseDir: stateDir });
  const { steps } = await orch.result(run_id);
  const why =
    'SubPlanError: this run has started 13 sub-plans, and its history holds no more; let one sub-plan do the work of several';
  expect([steps[0]?.reason, steps[0]?.message]).toEqual([
    'sub_plan_failed',
    `2 of 15 instances failed: many[13] (${why}), many[14] (${why})`,
  ]);
});

test.each<[string, object, RegExp]>([
  ['without its sub-plan', {}, /sub_plan_missing/],
  [
    'with a sub-plan that is wrong',
    { 's.json': { plan: planOf([{ id: 'x' }]), digest: '' } },
    /s\.json: .*missing_action/,
  ],
  ['with one that runs itself', { 's.json': { plan: planOf([sub('again', 's.json')]), digest: '' } }, /recursive_plan/],
  ['with something else', { 's.json': 'nonsense' }, /`plans` must be an object of plans/],
])('a start that nobody checked, %s, is an InvalidPlan', async (_, plans, message) => {
  const args = [
    { engine_version: ENGINE_VERSION, plan: planOf([sub('b', 's.json')]), digest: '', inputs: {}, env: {}, plans },
  ];
  const ended = await environment.client.workflow
    .execute('runPlan', { taskQueue: 'orch', workflowId: uniqueId('raw'), args })
    .catch((error: unknown) => error);
  expect(ended).toBeInstanceOf(WorkflowFailedError);
  const { cause } = ended as WorkflowFailedError;
  expect([(cause as ApplicationFailure).type, (cause as ApplicationFailure).nonRetryable]).toEqual([
    'InvalidPlan',
    true,
  ]);
  expect(cause!.message).toMatch(message);
});

test('what is pinned counts towards the size of a start', async () => {
  const noise = Array.from({ length: 300_000 }, () => Math.random().toString(36).slice(2)).join('');
  const refused = await orch
    .start(
      {
        source: planOf([sub('b', 's.json')]),
        plans: { 's.json': planOf([{ id: 'x', command: 'true' }], { description: noise }) },
      },
      { baseDir: stateDir },
    )
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'plan_too_large' });
});
