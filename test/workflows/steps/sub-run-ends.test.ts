import { ApplicationFailure, ChildWorkflowFailure, RetryState } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { RunInput } from '../../../src/contract/run-input.js';
import { HandRun } from '../../support/hand-run.js';

const PLANS = {
  'part.yaml': {
    plan_id: 'part',
    version: '1.0',
    inputs: { name: { type: 'string' } },
    outputs: { made: '${{ inputs.name }}' },
    steps: [{ id: 'x', command: 'true' }],
  },
};
const part = (more: object = {}): object => ({
  id: 'part',
  step_def: { type: 'plan', plan: 'part.yaml', inputs: { name: 'n' } },
  ...more,
});
const reader = {
  id: 'reader',
  command: 'echo',
  args: ['${{ prev.part.outputs.made }}'],
  depends_on: ['part'],
};
const result = (more: object = {}): object => ({ status: 'succeeded', warnings: 0, steps: [], ...more });
const failedRun = (message: string): ChildWorkflowFailure => {
  const cause = ApplicationFailure.create({ type: 'RunFailed', message, details: [{ outputs: { made: 'half' } }] });
  return new ChildWorkflowFailure(
    'default',
    { workflowId: 'run.part', runId: '1' },
    'runPlan',
    RetryState.TIMEOUT,
    cause,
  );
};

test('a sub-plan runs as a child with what the step gives to it, and its outputs are those of the step', async () => {
  const run = await HandRun.of([part({ env: { OWN: 'o' } }), reader], { plans: PLANS, input: { env: { ALL: 'a' } } });
  const child = run.temporal.the('runPlan');
  expect(child.options).toMatchObject({ workflowId: 'run.part', parentClosePolicy: 'TERMINATE' });
  const [given] = child.args as [RunInput];
  expect(given).toMatchObject({ inputs: { name: 'n' }, env: { ALL: 'a', OWN: 'o' }, plan: PLANS['part.yaml'] });
  await child.ends(result({ outputs: { made: 'all' } }));
  expect(run.report('part')).toEqual({ status: 'success', attempts: 1, outputs: { made: 'all' } });
});

test('a sub-plan that fails is tried again under an id of its own', async () => {
  const run = await HandRun.of([part({ retries: 1, retry_delay_sec: 5 })], { plans: PLANS });
  await run.temporal.the('runPlan').fails(failedRun('1 of 1 steps failed'));
  const timer = run.temporal.the('timer');
  expect(timer.args).toEqual([5000]);
  await timer.ends();
  const again = run.temporal.the('runPlan');
  expect(again.options).toMatchObject({ workflowId: 'run.part~2' });
  await again.fails(failedRun('1 of 1 steps failed'));
  expect(run.report('part')).toMatchObject({
    status: 'failed',
    reason: 'sub_plan_failed',
    message: "RunFailed: run 'run.part~2' failed: 1 of 1 steps failed",
    attempts: 2,
  });
});

test('a cancel while a sub-plan waits for its next try ends the step', async () => {
  const run = await HandRun.of([part({ retries: 1, retry_delay_sec: 5 })], { plans: PLANS });
  await run.temporal.the('runPlan').fails(failedRun('no'));
  await run.hears({ type: 'cancel-step', step: 0, at: Date.now() });
  expect(run.temporal.waiting()).toEqual([]);
  expect(run.report('part')).toMatchObject({ status: 'canceled', attempts: 1 });
});

test('a cancel that is forced is handed on to the sub-runs that are open', async () => {
  const run = await HandRun.of([part()], { plans: PLANS });
  await run.hears({ type: 'run-cancel-requested', force: false, at: Date.now() });
  expect([run.temporal.the('runPlan').canceled, run.temporal.signals]).toEqual([true, []]);
  await run.hears({ type: 'run-cancel-requested', force: true, at: Date.now() });
  expect(run.temporal.signals).toEqual([['run.part', 'forceCancel']]);
});

test('inputs that are too large for two histories start nothing', async () => {
  const large = { type: 'plan', plan: 'part.yaml', inputs: { name: 'x'.repeat(130 * 1024) } };
  const run = await HandRun.of([{ id: 'part', step_def: large }], { plans: PLANS });
  expect(run.temporal.waiting()).toEqual([]);
  expect(run.report('part')).toMatchObject({ status: 'failed', reason: 'input_invalid', attempts: 0 });
});
