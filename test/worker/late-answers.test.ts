import { CancelledFailure, CompleteAsyncError, type ApplicationFailure, type Context } from '@temporalio/activity';
import { ActivityCancelledError, ActivityNotFoundError } from '@temporalio/client';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LateAnswer } from '../../src/activities/late-answer.js';
import { openResult } from '../../src/contract/seal.js';
import { LateAnswers } from '../../src/worker/late-answers.js';
import { signedTasks } from '../../src/worker/signed-tasks.js';

const BEAT_MS = 5_000;
const taskToken = new Uint8Array([7]);
const context = {
  info: {
    taskToken,
    namespace: 'default',
    activityId: '2',
    activityType: 'awaitScheduled',
    isLocal: true,
    scheduledTimestampMs: 0,
    workflowExecution: { workflowId: 'wf', runId: 'run-1' },
  },
} as unknown as Context;
const about = {
  serializationContext: { type: 'activity', namespace: 'default', workflowId: 'wf', activityId: '2', isLocal: false },
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A worker with one activity that has thrown a late answer, and the service that it tells. */
async function waiting(
  around: (next: Next) => Next = (next) => next,
): Promise<{ late: LateAnswers; calls: Calls; give: (value: unknown) => void; fail: (error: unknown) => void }> {
  const calls: Calls = {
    complete: vi.fn(() => Promise.resolve()),
    fail: vi.fn(() => Promise.resolve()),
    heartbeat: vi.fn(() => Promise.resolve()),
    reportCancellation: vi.fn(() => Promise.resolve()),
  };
  const late = new LateAnswers(calls, BEAT_MS);
  let give!: (value: unknown) => void;
  let fail!: (error: unknown) => void;
  const answer = new Promise((resolve, reject) => {
    give = resolve;
    fail = reject;
  });
  const activity: Next = () =>
    Promise.reject(
      new LateAnswer((signal) => {
        signal.addEventListener('abort', () => fail(signal.reason));
        return answer;
      }),
    );
  const ran = late.interceptor(context).execute!({ args: [], headers: {} }, around(activity));
  await expect(ran).rejects.toBeInstanceOf(CompleteAsyncError);
  return { late, calls, give, fail };
}

type Next = Parameters<NonNullable<ActivityInboundCallsInterceptor['execute']>>[1];
type Calls = Record<
  'complete' | 'fail' | 'heartbeat' | 'reportCancellation',
  ReturnType<typeof vi.fn<() => Promise<void>>>
>;

/** Lets what has been promised happen. */
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

test('an answer that comes later completes the activity, which says in between that it lives', async () => {
  const { calls, give } = await waiting();
  await vi.advanceTimersByTimeAsync(2 * BEAT_MS);
  expect(calls.heartbeat.mock.calls).toEqual([
    [taskToken, undefined, about],
    [taskToken, undefined, about],
  ]);
  expect(calls.complete).not.toHaveBeenCalled();
  give({ status: 'succeeded' });
  await vi.advanceTimersByTimeAsync(2 * BEAT_MS);
  expect(calls.complete.mock.calls).toEqual([[taskToken, { status: 'succeeded' }, about]]);
  expect(calls.heartbeat).toHaveBeenCalledTimes(2);
});

test('a wait that fails fails the activity, so that it is tried again', async () => {
  const { calls, fail } = await waiting();
  const lost = new Error('no connection');
  fail(lost);
  await settled();
  expect(calls.fail.mock.calls).toEqual([[taskToken, lost, about]]);
});

test('a wait that is canceled ends, and says so; one that nobody knows any more just ends', async () => {
  const canceled = await waiting();
  canceled.calls.heartbeat.mockRejectedValueOnce(new ActivityCancelledError('cancelled'));
  await vi.advanceTimersByTimeAsync(2 * BEAT_MS);
  expect(canceled.calls.reportCancellation).toHaveBeenCalledTimes(1);
  expect(canceled.calls.heartbeat).toHaveBeenCalledTimes(1);

  const unknown = await waiting(signed);
  unknown.calls.heartbeat.mockRejectedValueOnce(new ActivityNotFoundError('Not found'));
  await vi.advanceTimersByTimeAsync(2 * BEAT_MS);
  for (const told of ['complete', 'fail', 'reportCancellation'] as const)
    expect(unknown.calls[told]).not.toHaveBeenCalled();
  expect(unknown.calls.heartbeat).toHaveBeenCalledTimes(1);
});

test('an outage ends no wait', async () => {
  const { calls, give } = await waiting();
  calls.heartbeat.mockRejectedValueOnce(new Error('unavailable'));
  await vi.advanceTimersByTimeAsync(2 * BEAT_MS);
  give(1);
  await settled();
  expect(calls.complete.mock.calls).toEqual([[taskToken, 1, about]]);
});

test('a worker that stops hands what it waits for to others, and has done so when it has closed', async () => {
  const { calls, late } = await waiting();
  await late.close();
  const [[, failure]] = calls.fail.mock.calls as unknown as [[unknown, ApplicationFailure]];
  expect([failure.type, failure.nonRetryable]).toEqual(['WorkerStopped', false]);
  await late.close();
  expect(calls.fail).toHaveBeenCalledTimes(1);
});

/** As on the embedded service, whose workflows take only what is sealed for them. */
function signed(next: Next): Next {
  const signing = { key: 'k', since: 0, used: { use: () => true } } as unknown as Parameters<typeof signedTasks>[0];
  const task = { kind: 'activity', name: 'awaitScheduled', id: 'seal-1', at: 0, run: 'run-1' } as const;
  return () => signedTasks(signing, context).execute!({ args: [{ orch_seal: task }], headers: {} }, next);
}

test('an answer, a failure and a cancel that come later are sealed like any other', async () => {
  const seal = expect.objectContaining({ kind: 'result', run: 'run-1', of: 'seal-1' }) as unknown;
  const good = await waiting(signed);
  good.give({ status: 'failed' });
  await settled();
  const [[, result]] = good.calls.complete.mock.calls as unknown as [[unknown, unknown]];
  expect(openResult(result)).toEqual({ value: { status: 'failed' }, seal });

  const bad = await waiting(signed);
  bad.fail(new Error('no connection'));
  await settled();
  const [[, failure]] = bad.calls.fail.mock.calls as unknown as [[unknown, ApplicationFailure]];
  expect(failure.details).toEqual([{ orch_seal: seal }]);

  const canceled = await waiting(signed);
  canceled.fail(new CancelledFailure('stopped'));
  await settled();
  expect(canceled.calls.reportCancellation.mock.calls).toEqual([[taskToken, { orch_seal: seal }, about]]);
});

test('what answers at once is left as it is', async () => {
  const late = new LateAnswers({} as never);
  const { execute } = late.interceptor(context);
  expect(await execute!({ args: [], headers: {} }, async () => 5)).toBe(5);
  await expect(execute!({ args: [], headers: {} }, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
});
