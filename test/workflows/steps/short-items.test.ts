import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ENGINE_VERSION } from '../../../src/contract/run-input.js';
import { packReports, unpackTasks, type GroupReport, type StepGroup } from '../../../src/contract/step-group.js';
import type { StepReport } from '../../../src/contract/step-result.js';
import { activityFailure, type Asked } from '../../support/hand-temporal.js';
import { HandRun, success, taskOf, type HandRunOptions } from '../../support/hand-run.js';

const each = (count: number, more: object = {}): object => ({
  id: 'each',
  foreach: Array.from({ length: count }, (_, i) => `x${i}`),
  command: 'echo',
  args: ['${{ item }}'],
  ...more,
});

function start(steps: object[], { input, ...more }: HandRunOptions = {}): Promise<HandRun> {
  return HandRun.of(steps, { ...more, input: { engine_version: ENGINE_VERSION, ...input } });
}

function groupOf({ args }: Asked): StepGroup {
  return args[0] as StepGroup;
}

/** What the worker says of a group: of those places that they have ended well, and of others that they were begun. */
function report(group: StepGroup, ended: number[], begun: number[] = []): GroupReport {
  const now = Date.now();
  const reports = ended.map((place): StepReport => ({
    status: 'success',
    attempts: 1,
    exit_code: 0,
    started_at: now,
    finished_at: now,
    log_dir: `/logs/${place}`,
  }));
  const ids = ended.map((place) => group.steps[place]!);
  return { ended, reports: packReports(reports, ids, true), begun: begun.map((place) => [place, now]) };
}

async function landed(run: HandRun, ended: number[], begun: number[] = []): Promise<void> {
  const asked = run.temporal.the('runSteps');
  await asked.ends(report(groupOf(asked), ended, begun));
}

const running = (run: HandRun): string[] => run.temporal.open.map((call) => taskOf(call).step_id);

test('items are handed to the worker together, in their order, and as many at once as may run', async () => {
  const run = await start([each(4, { max_parallel: 3 })], { globals: { max_concurrency: 2 } });
  const asked = run.temporal.the('runSteps');
  const group = groupOf(asked);
  expect(group).toMatchObject({
    steps: ['each[0]', 'each[1]', 'each[2]', 'each[3]'],
    started: [0],
    ready: [1, 2, 3],
    slots: 2,
  });
  expect([...unpackTasks(group).values()].map(({ action }) => action)).toMatchObject(
    ['x0', 'x1', 'x2', 'x3'].map((item) => ({ args: [item] })),
  );
  expect(asked.options).toMatchObject({ activityId: 'g:each[0]', summary: 'each[0] to [3]' });
  expect([run.temporal.waiting(), run.busy]).toEqual([['runSteps'], true]);
  await landed(run, [1, 0, 2, 3]);
  expect([run.temporal.waiting(), run.busy]).toEqual([[], false]);
  expect(run.report('each')).toEqual({ status: 'success', attempts: 1, exit_code: 0, log_dir: '/logs/0', outputs: {} });
  expect(run.instances.filter(([, , status]) => status === 'success').map(([, i]) => i)).toEqual([1, 0, 2, 3]);
});

test('the groups of a list become larger as long as all is short', async () => {
  const run = await start([each(300)]);
  const sizes: number[] = [];
  while (run.temporal.open.length > 0) {
    const { steps } = groupOf(run.temporal.the('runSteps'));
    sizes.push(steps.length);
    await landed(
      run,
      steps.map((_, place) => place),
    );
  }
  expect(sizes.slice(0, 2)).toEqual([16, 64]);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(300);
  expect(run.report('each')).toMatchObject({ status: 'success' });
});

test('what a group has begun and not ended goes to an activity of its own, before all that has yet to begin', async () => {
  const run = await start([each(5)], { globals: { max_concurrency: 3 } });
  await landed(run, [0], [1, 2]);
  expect(running(run)).toEqual(['each[1]', 'each[2]', 'each[3]']);
  expect(run.temporal.open.map((call) => taskOf(call).carried)).toEqual([
    { failures: 0, first_started_at: expect.any(Number) },
    { failures: 0, first_started_at: expect.any(Number) },
    undefined,
  ]);
  for (const left of [['each[2]', 'each[3]', 'each[4]'], ['each[3]', 'each[4]'], ['each[4]'], []]) {
    await run.temporal.open[0]!.ends(success());
    expect(running(run)).toEqual(left);
  }
  expect(run.report('each')).toMatchObject({ status: 'success' });
  expect(startsOf(run)).toEqual([0, 1, 2, 3, 4]);
});

test('a group that the worker has not come to is handed out again', async () => {
  const run = await start([each(3)]);
  const { args } = run.temporal.the('runSteps');
  await run.temporal.the('runSteps').ends({ ...report(groupOf(run.temporal.the('runSteps')), []), waited: true });
  expect(run.temporal.waiting()).toEqual(['runSteps']);
  expect(run.temporal.the('runSteps').args).toEqual(args);
  expect(run.instances).toEqual([]);
});

test('where a group comes to nothing, every item has an activity of its own', async () => {
  const run = await start([each(3)]);
  await run.temporal.the('runSteps').fails(activityFailure('runSteps', new Error('lost')));
  expect(running(run)).toEqual(['each[0]', 'each[1]', 'each[2]']);
});

test.each([
  ['is beside another step', [each(3), { id: 'other', command: 'true' }], {}],
  ['has secrets', [each(3, { secrets: { KEY: { env: 'KEY' } } })], {}],
  ['runs on a queue', [each(3, { queue: 'gpu' })], {}],
  ['runs once at most', [each(3, { run_once: true })], {}],
  ['is an HTTP call', [{ id: 'each', foreach: [1, 2, 3], step_def: { type: 'http', url: 'http://localhost' } }], {}],
  ['has one item', [each(1)], {}],
  ['is of a run without groups', [each(3)], { short_steps: false }],
  ['is of an older run', [each(3)], { engine_version: 8 }],
] as const)('a list that %s has no groups', async (_, steps, input) => {
  const run = await start([...steps], { input });
  expect(run.temporal.waiting()).not.toContain('runSteps');
  expect(run.temporal.waiting()).toContain('runStep');
});

test('a list whose items need locks has no groups, unless the run holds them', async () => {
  const locked = each(3, { locks: ['db'] });
  expect((await start([locked])).temporal.waiting()).not.toContain('runSteps');
  expect((await start([locked], { locks: ['db'] })).temporal.waiting()).toEqual(['runSteps']);
});

test('a step that is canceled while a group of its items is under way ends what was begun, and begins nothing more', async () => {
  const run = await start([each(40)]);
  const asked = run.temporal.the('runSteps');
  const ends = asked.ends(report(groupOf(asked), [0], [1]));
  await run.hears({ type: 'run-cancel-requested', force: false, at: Date.now() });
  await ends;
  expect(run.temporal.open.map(({ name, args }) => [name, (args[0] as { step_id: string }).step_id])).toEqual([
    ['reapStep', 'each[1]'],
  ]);
  await run.temporal.the('reapStep').ends();
  expect(run.report('each')).toMatchObject({ status: 'canceled' });
  expect(startsOf(run)).toEqual([0, 1]);
});

test('however groups end, every item runs once, and in its turn', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 8 }),
      fc.infiniteStream(fc.tuple(fc.nat(), fc.nat(3), fc.boolean())),
      async (count, slots, ends) => {
        const run = await start([each(count)], { globals: { max_concurrency: slots } });
        const ran: string[] = [];
        for (const [number, open, fails] of ends) {
          if (run.temporal.open.length === 0) break;
          const asked = run.temporal.open[number % run.temporal.open.length]!;
          if (asked.name === 'runStep') {
            ran.push(taskOf(asked).step_id);
            await asked.ends(success());
            continue;
          }
          const { steps } = groupOf(asked);
          // They begin in their order; of those that have, a few have not ended.
          const begun = steps.map((_, place) => place).slice(0, number % (steps.length + 1));
          const left = begun.splice(Math.max(0, begun.length - Math.min(open, slots)));
          if (fails && left.length === 0 && begun.length === 0) {
            await asked.fails(activityFailure('runSteps', new Error('lost')));
          } else {
            ran.push(...begun.map((place) => steps[place]!));
            await landed(run, begun, left);
          }
          expect(run.temporal.open.length).toBeLessThanOrEqual(slots);
        }
        expect([...ran].sort()).toEqual(Array.from({ length: count }, (_, i) => `each[${i}]`).sort());
        expect(startsOf(run)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(run.instances.filter(([, , status]) => status === 'success')).toHaveLength(count);
        expect(run.report('each')).toMatchObject({ status: 'success' });
      },
    ),
    { numRuns: 200 },
  );
});

/** Items in the order in which they were told to have begun. */
function startsOf(run: HandRun): number[] {
  return run.instances.filter(([, , status]) => status === undefined).map(([, index]) => index);
}
