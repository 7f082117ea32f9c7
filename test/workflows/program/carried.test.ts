import { beforeEach, expect, test, vi } from 'vitest';
import { CARRIED_VERSION } from '../../../src/contract/carried-run.js';
import { compactPlan } from '../../../src/contract/compact-plan.js';
import { ENGINE_VERSION, type RunInput } from '../../../src/contract/run-input.js';
import { checkPlan } from '../../../src/plan/index.js';
import { readInput, type CheckedInput } from '../../../src/workflows/program/input.js';

const info = vi.hoisted(() => ({ continuedFromExecutionRunId: undefined as string | undefined }));
vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<object>()),
  workflowInfo: () => info,
  proxyLocalActivities: () => ({}),
}));
beforeEach(() => {
  info.continuedFromExecutionRunId = 'the one before';
});

const source = {
  plan_id: 'p',
  version: '1.0',
  steps: [
    { id: 'a', command: 'echo' },
    { id: 'b', depends_on: ['a'], command: 'echo', args: ['${{ prev.a.outputs.x }}'] },
  ],
};

function inputOf(v: number): RunInput {
  const checked = checkPlan(source);
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  const plan = compactPlan(source, checked.value.plan);
  const carried = { v, plans: { plan, plans: [], packed: 0 } };
  return { engine_version: ENGINE_VERSION, plan: source, inputs: {}, env: {}, carried } as unknown as RunInput;
}

test.each([1, CARRIED_VERSION])('what an orch of form %i has carried is read', (v) => {
  const { plan, carriedPlans } = readInput(inputOf(v)) as CheckedInput;
  expect(plan.steps.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(carriedPlans?.plan.reads).toEqual([['a', ['x']]]);
});

test('a worker of before lets a run wait that a newer one has carried on: it fails the task, not the run', () => {
  expect(() => readInput(inputOf(CARRIED_VERSION + 1))).toThrow(
    new Error('This run was carried on by a newer orch. Upgrade the worker: the run waits until then.'),
  );
});

test('nobody starts a run in the middle', () => {
  info.continuedFromExecutionRunId = undefined;
  expect(() => readInput(inputOf(CARRIED_VERSION))).toThrow('`carried` is for a run that goes on in a new history');
});
