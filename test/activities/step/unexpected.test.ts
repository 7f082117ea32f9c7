import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { createActivities, type ActivityDeps } from '../../../src/activities/index.js';
import { Places } from '../../../src/activities/step/places.js';
import { endingUnexpected } from '../../../src/activities/step/unexpected.js';
import type { Activities } from '../../../src/contract/activities.js';

/** A worker without a state folder: whatever looks for a file there fails in a way that nobody expected. */
const broken = {
  env: {},
  service: 'test',
  host: 'here',
  manyHosts: false,
  places: new Places(1),
  isRunOpen: async () => true,
  signing: { key: '00', since: 0, used: { use: fail } },
  locks: { view: fail, request: fail, release: fail, closedAt: fail },
  accounts: { view: fail, park: fail, join: fail },
  records: { seal: fail },
} as unknown as ActivityDeps;

async function fail(): Promise<never> {
  throw new RangeError('nobody thought of it');
}

const task = {
  run_id: 'r',
  step_id: 's',
  action: { type: 'command', command: 'true', args: [], shell: false },
  cwd: ['/'],
  env: {},
  timeout_sec: 'none',
  max_duration_sec: 'none',
  grace_sec: 1,
  retry: { retries: 3, delay_sec: 0, backoff: 'constant', no_retry_exit_codes: [] },
  max_lost: 3,
  max_output_bytes: 1000,
  success_exit_codes: [0],
  warning_exit_codes: [],
  outputs: [],
};
const http = { ...task, action: { type: 'http', url: 'http://127.0.0.1:9/', method: 'POST', headers: {} } };
const turn = { ...task, base_dir: '/', agents: [{ name: 'x', settings: {} }], attempts_before: 0, log: [] };
const PATH_ERROR = /^TypeError.*: The "path" argument must be of type string/;

test.each<[keyof Activities, unknown[], RegExp]>([
  ['runStep', [task], PATH_ERROR],
  ['runStep', [http], PATH_ERROR],
  ['runTurn', [turn], PATH_ERROR],
  ['verifyStart', [null], /^TypeError: Cannot use 'in' operator/],
  ['admitPlan', [null], /^TypeError/],
  ['acquireLock', ['l', { key: 'k' }, null], /^RangeError: nobody thought of it$/],
  ['releaseLock', ['l', 'k'], /^RangeError: nobody thought of it$/],
  ['askAccount', [{ account: 'a', key: 'k' }], /^RangeError: nobody thought of it$/],
  ['endWorktree', [null], /^TypeError: Cannot destructure/],
  ['syncRepository', [{ ...turn, git: null, when: 'before' }], /^TypeError/],
  ['reapStep', [{ ...task, retries: 0 }], PATH_ERROR],
])('an exception in %s ends it at once as internal_error, with its message', async (name, args, message) => {
  const activity = createActivities(broken)[name] as (...args: unknown[]) => Promise<unknown>;
  const failure = await new MockActivityEnvironment()
    .run(activity, ...args)
    .then(() => undefined)
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  const { type, nonRetryable, details, message: said } = failure as ApplicationFailure;
  expect([type, nonRetryable, details?.[0]]).toMatchObject([
    'StepFailed',
    true,
    { reason: 'internal_error', attempts: 1 },
  ]);
  expect(said).toMatch(message);
});

const unavailable = Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'away', metadata: {} });

test.each([
  ['a cancellation', new CancelledFailure('stopped')],
  ['a failure of its own', ApplicationFailure.retryable('later')],
  ['an outage', new Error('the call failed', { cause: unavailable })],
])('%s passes as it is, to be tried again or not', async (_, error) => {
  const activity = endingUnexpected(async () => {
    throw error;
  });
  await expect(new MockActivityEnvironment().run(activity)).rejects.toBe(error);
});

test('a message of megabytes is cut: the report of an attempt with it would never arrive', async () => {
  const activity = endingUnexpected(async () => {
    throw new Error('x'.repeat(5_000_000));
  });
  const failure = await new MockActivityEnvironment().run(activity).catch((error: unknown) => error);
  expect((failure as Error).message).toHaveLength(8 * 1024 + 1);
});
