import { existsSync, readFileSync } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRunSteps } from '../../src/activities/command/run-steps.js';
import type { RunStepDeps } from '../../src/activities/step/execution.js';
import { Places } from '../../src/activities/step/places.js';
import { packTasks, unpackReports, type GroupReport, type StepGroup } from '../../src/contract/step-group.js';
import type { StepTask } from '../../src/contract/step-task.js';
import { eventually } from '../support/eventually.js';
import { chain, lines, LongRuns, shell } from '../support/long-runs.js';
import { tempDir } from '../support/plans.js';
import { workerRig, type WorkerRig } from '../support/worker-rig.js';

let rig: WorkerRig;
let runs: LongRuns;
const UNLIMITED = { historyEvents: 100_000, shortSteps: true };

beforeAll(async () => {
  rig = await workerRig();
  runs = new LongRuns(rig);
  await rig.startWorker();
});

afterAll(() => rig.close());

async function activitiesOf(runId: string): Promise<string[]> {
  const { events } = await rig.handle(runId).fetchHistory();
  return events!.flatMap(({ activityTaskScheduledEventAttributes: task }) =>
    task?.activityId ? [task.activityId] : [],
  );
}

test('a chain of short steps takes a few activities, and its record has every step', async () => {
  const log = runs.file('chain');
  const runId = await runs.start({ steps: chain(60, log) }, UNLIMITED);
  const result = await rig.orch.result(runId);
  expect(lines(log)).toEqual(Array.from({ length: 60 }, (_, i) => `c${i}`));
  expect(new Set(result.steps.map(({ status, attempts }) => `${status} ${attempts}`))).toEqual(new Set(['success 1']));
  // Each step begins when the one before it has ended, as far as people can see.
  result.steps.slice(1).forEach((step, i) => expect(step.started_at).toBe(result.steps[i]!.finished_at));
  expect((await activitiesOf(runId)).length).toBeLessThan(30);
  await runs.expectOneRecord(runId);
});

test('a step that takes long, or fails, goes to an activity of its own, and runs once', async () => {
  const log = runs.file('mixed');
  const steps = [
    { id: 'short', ...shell(`echo short >> ${log}`) },
    { id: 'long', ...shell(`echo long >> ${log}; sleep 2; echo end >> ${log}`), depends_on: ['short'] },
    {
      id: 'fails',
      ...shell(`echo fails >> ${log}; exit 3`),
      depends_on: ['long'],
      retries: 1,
      on_failure: 'continue',
    },
    { id: 'after', ...shell(`echo after >> ${log}`), depends_on: ['fails'], trigger_rule: 'all_done' },
  ];
  const runId = await runs.start({ steps }, UNLIMITED);
  await rig.orch.result(runId).catch(() => {});
  expect(lines(log)).toEqual(['short', 'long', 'end', 'fails', 'fails', 'after']);
  const { steps: ended } = await eventually('the run is shown', () => runs.progressOf(runId));
  expect(ended.map(({ id, status, attempts }) => [id, status, attempts])).toEqual([
    ['short', 'success', 1],
    ['long', 'success', 1],
    ['fails', 'failed', 2],
    ['after', 'success', 1],
  ]);
  const activities = await activitiesOf(runId);
  expect(activities).toContain('s:long');
  expect(activities).toContain('s:fails');
  expect(activities).not.toContain('s:short');
});

test('a cancel finds every step that was begun, and says of none of them that it never was', async () => {
  const log = runs.file('canceled');
  const steps = Array.from({ length: 40 }, (_, i) => ({
    id: `s${i}`,
    ...(i === 0 ? {} : { depends_on: [`s${i - 1}`] }),
    ...shell(`echo s${i} >> ${log}; sleep 0.1`),
  }));
  const runId = await runs.start({ steps }, UNLIMITED);
  await eventually('three steps have begun', () => lines(log).length > 2);
  await rig.orch.cancel(runId);
  await rig.orch.result(runId).catch(() => {});
  const begun = new Set(lines(log));
  const { steps: ended } = await eventually('the run is shown', () => runs.progressOf(runId));
  for (const { id, started_at } of ended) if (begun.has(id)) expect([id, started_at]).not.toEqual([id, undefined]);
  expect(begun.size).toBeLessThan(40);
});

/** A step that writes a line for each of its items. */
function each(count: number, log: string, script = ''): Record<string, unknown> {
  const foreach = Array.from({ length: count }, (_, i) => i);
  return { id: 'each', foreach, env: { ITEM: '${{ item }}' }, ...shell(`${script}echo $ITEM >> ${log}`) };
}

function numbers(log: string): number[] {
  return lines(log)
    .map(Number)
    .sort((a, b) => a - b);
}

test('short items take a few activities, also over several histories, and the record has each of them once', async () => {
  const log = runs.file('items');
  const runId = await runs.start({ steps: [each(400, log)], globals: { max_concurrency: 4 } }, { historyEvents: 20 });
  await rig.orch.result(runId);
  expect(numbers(log)).toEqual(Array.from({ length: 400 }, (_, i) => i));
  expect(await runs.executions(runId)).toBeGreaterThan(1);
  expect((await activitiesOf(runId)).filter((id) => id.startsWith('s:'))).toEqual([]);
  const events = await runs.expectOneRecord(runId);
  const items = events.flatMap((event) => ('instance' in event ? [event] : []));
  for (const type of ['step-started', 'step-succeeded']) {
    const told = items.filter((event) => event.type === type).map(({ instance }) => instance);
    expect(told.sort((a, b) => a! - b!)).toEqual(Array.from({ length: 400 }, (_, i) => i));
  }
  const times = events.map(({ time }) => time);
  expect(times).toEqual([...times].sort());
});

test('an item that takes long, or fails, goes to an activity of its own, and runs once', async () => {
  const log = runs.file('slow-items');
  const script = `test $ITEM != 3 || { echo $ITEM >> ${log}; exit 3; }; test $ITEM != 12 || sleep 2; `;
  const steps = [{ ...each(30, log, script), on_failure: 'continue' }];
  const runId = await runs.start({ steps, globals: { max_concurrency: 2 } }, UNLIMITED);
  await rig.orch.result(runId).catch(() => {});
  expect(numbers(log)).toEqual(Array.from({ length: 30 }, (_, i) => i));
  const activities = await activitiesOf(runId);
  expect(activities).toContain('s:each[3]');
  expect(activities).not.toContain('s:each[0]');
  const { steps: ended } = await eventually('the run is shown', () => runs.progressOf(runId));
  expect(ended[0]).toMatchObject({
    status: 'failed',
    message: expect.stringMatching(/^1 of 30 instances failed: each\[3\]/),
  });
});

test('a cancel leaves nothing of a group of items running, and begins nothing more', async () => {
  const log = runs.file('canceled-items');
  const script = `echo begun $ITEM >> ${log}; sleep 0.3; test $ITEM -lt 4 || sleep 60; `;
  const runId = await runs.start({ steps: [each(40, log, script)], globals: { max_concurrency: 4 } }, UNLIMITED);
  await eventually(
    'the second four have begun',
    () => lines(log).filter((line) => line.startsWith('begun')).length > 7,
  );
  await rig.orch.cancel(runId);
  await rig.orch.result(runId).catch(() => {});
  const begun = lines(log).filter((line) => line.startsWith('begun'));
  expect(begun.length).toBeLessThan(40);
  const { events } = await rig.orch.record(runId);
  const ofItems = events.flatMap((event) => ('instance' in event && event.instance !== undefined ? [event] : []));
  expect(ofItems.filter(({ type }) => type === 'step-started')).toHaveLength(begun.length);
  expect(ofItems.filter(({ type }) => type === 'step-canceled').length).toBeGreaterThan(0);
});

test('whoever comes after a lost worker begins nothing, and tells what was begun in its order', async () => {
  const dir = tempDir();
  const log = `${dir}/log`;
  const deps = {
    stateDir: dir,
    env: process.env,
    service: 'test',
    host: 'here',
    manyHosts: false,
    places: new Places(10),
    starts: { of: async () => ({ shared: { env: {}, mark: 'none' }, unexported: [] }) },
  } as unknown as RunStepDeps;
  const tasks = ['a', 'b', 'c', 'd'].map((id) => taskOf(id, `echo ${id} >> ${log}; test ${id} != c`));
  const group: StepGroup = {
    shared: 'none',
    steps: ['a', 'b', 'c', 'd'],
    after: [[], [0], [1], [2]],
    started: [0],
    ready: [],
    decided: [],
    slots: 4,
    tasks: packTasks(tasks, true),
  };
  const runSteps = createRunSteps(deps);
  const attempt = (number: number, given = group): Promise<GroupReport> =>
    new MockActivityEnvironment({ attempt: number }).run(runSteps, given);
  const first = await attempt(1);
  expect([first.ended, first.begun.map(([place]) => place)]).toEqual([[0, 1], [2]]);
  const second = await attempt(2);
  expect([second.ended, second.begun.map(([place]) => place)]).toEqual([[0, 1], [2]]);
  expect(unpackReports(second.reports, ['a', 'b']).map(({ status }) => status)).toEqual(['success', 'success']);
  expect(readFileSync(log, 'utf8')).toBe('a\nb\nc\n');
  // Nothing of it was begun, and so nothing is.
  const other = {
    ...group,
    tasks: packTasks(
      tasks.map((task) => ({ ...task, attempts_before: 1 })),
      true,
    ),
  };
  const none = await attempt(2, other);
  expect([none.ended, none.begun]).toEqual([[], []]);
  expect(existsSync(`${dir}/runs/r/steps/a/2`)).toBe(false);
  expect(readFileSync(log, 'utf8')).toBe('a\nb\nc\n');
});

test('where processes may be on several hosts, the worker takes no groups', async () => {
  const runSteps = createRunSteps({ manyHosts: true } as RunStepDeps);
  const group = { steps: ['a'], tasks: packTasks([taskOf('a', 'true')], true) } as unknown as StepGroup;
  expect(await new MockActivityEnvironment().run(runSteps, group)).toMatchObject({
    ended: [],
    begun: [],
    declined: true,
  });
});

function taskOf(step_id: string, script: string): StepTask {
  return {
    run_id: 'r',
    step_id,
    action: { type: 'shell', script },
    cwd: ['/'],
    env: {},
    timeout_sec: 'none',
    max_duration_sec: 'none',
    grace_sec: 1,
    retry: { retries: 0, delay_sec: 0, backoff: 'constant', no_retry_exit_codes: [] },
    max_lost: 3,
    max_output_bytes: 100_000,
    success_exit_codes: [0],
    warning_exit_codes: [],
    outputs: [],
  };
}
