import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowExecuteInput, WorkflowInfo } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import type { SignatureVerdict } from '../../../src/contract/activities.js';
import type { Seal } from '../../../src/contract/seal.js';
import { signedStart, type StartCheck } from '../../../src/workflows/signing/signed-start.js';
import { activityFailure } from '../../support/hand-temporal.js';

const seal: Seal = { kind: 'start', name: 'runPlan', id: 'client/1', at: 1, queue: 'orch' };
const info = {
  workflowType: 'runPlan',
  workflowId: 'run',
  taskQueue: 'orch',
  startTime: new Date(2),
  attempt: 1,
  unsafe: { isReplaying: false },
} as unknown as WorkflowInfo;

const noRoom = activityFailure(
  'verifyStart',
  ApplicationFailure.nonRetryable('ENOSPC: no space left on device, write', 'StepFailed'),
);

/** What comes of a start, given what the check of its seal says. */
async function start(
  says: () => SignatureVerdict,
  args: unknown[] = ['input', { orch_seal: seal }],
  now: () => WorkflowInfo = () => info,
): Promise<unknown> {
  const check: StartCheck = { info: now, verify: async () => says() };
  const signing = {
    since: args.length === 2 ? 1 : undefined,
    sealed: false,
    activities: new Map(),
    children: new Map(),
    heard: new Map<string, number>(),
    seal: () => ({ ...seal, kind: 'result' as const }),
  };
  const begin = signedStart(signing, check);
  return begin({ args, headers: {} } satisfies WorkflowExecuteInput, async (input) => input.args[0]);
}

const fails = (error: Error) => (): SignatureVerdict => {
  throw error;
};

test('a start with a good seal begins, and its end is sealed', async () => {
  expect(await start(() => 'signed')).toEqual({ orch_value: 'input', orch_seal: { ...seal, kind: 'result' } });
});

test('what a schedule has started begins without a seal and without its input, and its end is sealed', async () => {
  const scheduled = { ...info, workflowType: 'scheduledStart' } as unknown as WorkflowInfo;
  expect(
    await start(
      () => 'refused',
      ['definition', 'x'],
      () => scheduled,
    ),
  ).toEqual({ orch_seal: { ...seal, kind: 'result' } });
});

test('a start whose seal is another one, or was used before, is refused for good', async () => {
  const refused = start(() => 'refused');
  await expect(refused).rejects.toBeInstanceOf(ApplicationFailure);
  await expect(refused).rejects.toMatchObject({ type: 'UnsignedStart', nonRetryable: true });
});

test.each<[string, unknown[]]>([
  ['with a seal', ['input', { orch_seal: seal }]],
  ['from before there were seals', ['input']],
])('a start %s that cannot be checked fails the task only, with the reason, and so is tried again', async (_, args) => {
  const tried = start(fails(noRoom), args);
  // Temporal ends a workflow with its own failures, and tries the task again with any other error.
  await expect(tried).rejects.not.toHaveProperty('nonRetryable');
  await expect(tried).rejects.toMatchObject({
    name: 'StartUnchecked',
    message: 'The worker could not check who has started this, and tries again: ENOSPC: no space left on device, write',
  });
});

test('a failed check that stands in history is made again', async () => {
  let replaying = true;
  const answers = [fails(noRoom), (): SignatureVerdict => 'signed'];
  const says = (): SignatureVerdict => {
    const answer = answers.shift()!;
    if (answers.length === 0) replaying = false;
    return answer();
  };
  const now = (): WorkflowInfo => ({ ...info, unsafe: { ...info.unsafe, isReplaying: replaying } });
  expect(await start(says, undefined, now)).toMatchObject({ orch_value: 'input' });
  expect(answers).toEqual([]);
});
