import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GroupOrder } from '../../src/contract/group-order.js';
import { packReports, packTasks, unpackReports, unpackTasks } from '../../src/contract/step-group.js';
import type { StepReport } from '../../src/contract/step-result.js';
import type { StepTask } from '../../src/contract/step-task.js';
import { propertyRuns } from '../support/property-runs.js';

/** As a plan that says nothing of it has it. */
const TASK: StepTask = {
  run_id: 'r',
  step_id: '',
  action: { type: 'command', command: 'true', args: [], shell: false },
  cwd: ['/'],
  env: {},
  timeout_sec: 1800,
  max_duration_sec: 'none',
  grace_sec: 10,
  retry: { retries: 0, delay_sec: 0, backoff: 'constant', no_retry_exit_codes: [] },
  max_lost: 3,
  max_output_bytes: 1024 ** 3,
  success_exit_codes: [0],
  warning_exit_codes: [],
  outputs: [],
};
const REPORT: StepReport = {
  status: 'success',
  attempts: 1,
  exit_code: 0,
  started_at: 1_796_037_799_216,
  stdout_tail: '',
  stderr_tail: '',
  log_dir: '/state/runs/r/steps/a/1',
  attempt: 1,
  finished_at: 1_796_037_799_547,
  host: 'vm',
};

const retry = { retries: 2, delay_sec: 1, backoff: 'exponential' as const, no_retry_exit_codes: [3] };
const tasks = fc.array(
  fc.record(
    {
      env: fc.constantFrom({}, { A: 'b' }),
      timeout_sec: fc.constantFrom(1800, 60, 'none' as const),
      retry: fc.constantFrom(TASK.retry, { ...TASK.retry }, retry),
      success_exit_codes: fc.constantFrom([0], [0, 3]),
      outputs: fc.constantFrom([], ['url']),
      attempts_before: fc.constantFrom(1, 2),
    },
    { requiredKeys: [] },
  ),
  { maxLength: 6 },
);
const reports = fc.array(
  fc.record(
    {
      status: fc.constantFrom('success', 'warning'),
      attempts: fc.constantFrom(1, 2),
      exit_code: fc.constantFrom(0, 3, undefined),
      stdout_tail: fc.constantFrom('', 'text', undefined),
      host: fc.constantFrom('vm', undefined),
      outputs: fc.constantFrom({ url: 'x' }, undefined),
    },
    { requiredKeys: [] },
  ),
  { maxLength: 6 },
);

describe.each([true, false])('what travels with a group, brief: %s', (brief) => {
  test('are the tasks, whatever they say', () => {
    fc.assert(
      fc.property(tasks, (given) => {
        const steps = given.map((_, i) => `s${i}`);
        const all = given.map((some, i): StepTask => ({ ...TASK, ...some, step_id: `s${i}` }));
        expect([...unpackTasks({ steps, tasks: travelled(packTasks(all, brief)) }).values()]).toEqual(all);
      }),
      { numRuns: propertyRuns(300) },
    );
  });

  test('are the reports, also what they do not say', () => {
    fc.assert(
      fc.property(reports, (given) => {
        const ids = given.map((_, i) => `s${i}`);
        const all = given.map((some) => travelled({ ...REPORT, ...some }) as StepReport);
        expect(unpackReports(travelled(packReports(all, ids, brief)), ids)).toEqual(all);
      }),
      { numRuns: propertyRuns(300) },
    );
  });
});

test('what is usual does not travel', () => {
  const ids = ['a', 'b'];
  const all = ids.map((step_id) => ({ ...TASK, step_id }));
  expect(Object.keys(packTasks(all, true).columns)).toEqual(['run_id', 'step_id', 'action', 'cwd']);
  const ended = ids.map((id) => ({ ...REPORT, log_dir: `/state/runs/r/steps/${id}/1` }));
  expect(Object.keys(packReports(ended, ids, true).columns)).toEqual(['started_at', 'log_dir', 'finished_at', 'host']);
});

test('steps of which nothing is said wait for the one before them', () => {
  const group = { steps: ['a', 'b', 'c'], started: [0], ready: [], decided: [] };
  const order = new GroupOrder(group);
  const begun = [];
  for (let place = order.next(); place !== undefined; place = order.next()) {
    begun.push(place);
    expect(order.next()).toBeUndefined();
    order.succeeded(place);
  }
  expect(begun).toEqual([0, 1, 2]);
});

function travelled<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
