import { expect, test } from 'vitest';
import { HandRun, success, taskOf } from '../../support/hand-run.js';
import { stepFailed, stopped, type Asked } from '../../support/hand-temporal.js';

const lock = (run: HandRun): unknown[] => run.temporal.the('acquireLock').args.slice(0, 1);

test('a step that is tried again by hand goes on counting its executions', async () => {
  const run = await HandRun.of([
    { id: 'a', command: 'make', on_failure: 'continue' },
    { id: 'b', command: 'wait' },
  ]);
  const ends = { reason: 'exit_non_zero', exit_code: 1, attempts: 2 };
  await run.temporal.the('runStep').fails(stepFailed('code 1', ends));
  expect(run.step('a').status).toBe('failed');
  await run.hears({ type: 'retry', step: 0, at: Date.now() });
  const again = taskOf(run.temporal.open[1]!);
  expect([again.step_id, again.attempts_before]).toEqual(['a', 2]);
});

test('a step waits for its locks in the order of their names, and gives them back at its end', async () => {
  const run = await HandRun.of([{ id: 'a', command: 'make', locks: ['b', 'a', 'held'] }], { locks: ['held'] });
  expect(lock(run)).toEqual(['a']);
  await run.temporal.the('acquireLock').ends({ granted: false, holder: 'other' });
  expect(run.events.at(-1)).toMatchObject({ type: 'lock-waited', step: 0, name: 'a', holder: 'other' });
  expect(run.temporal.the('acquireLock').args[2]).toBe('other');
  await run.temporal.the('acquireLock').ends({ granted: true });
  expect(lock(run)).toEqual(['b']);
  await run.temporal.the('acquireLock').ends({ granted: true });
  await run.temporal.the('runStep').ends(success());
  expect(run.temporal.open.map(({ name, args }) => [name, ...args])).toEqual([
    ['releaseLock', 'a', 'temporal-run/1/0'],
    ['releaseLock', 'b', 'temporal-run/1/1'],
  ]);
  expect(run.step('a').status).toBe('running');
  for (let i = 0; i < 2; i += 1) await run.temporal.the('releaseLock').ends();
  expect(run.step('a').status).toBe('success');
});

test('who follows a run hears how far the items of a list are, although only their step counts as changed', async () => {
  const run = await HandRun.of([
    { id: 'each', command: 'make', foreach: ['a', 'b', 'c'], max_parallel: 1, on_failure: 'continue' },
    { id: 'other', command: 'make' },
  ]);
  const { version } = run.progress();
  const news = (): unknown[] => run.progress(version).steps.map(({ id, items }) => [id, items]);
  expect(news()).toEqual([['each', { total: 3, ended: 0, failed: 0 }]]);
  const activity = (id: string): Asked => run.temporal.open.find(({ options }) => options?.activityId === id)!;
  await activity('s:each[0]').fails(stepFailed('code 1', { reason: 'exit_non_zero', exit_code: 1, attempts: 1 }));
  expect(news()).toEqual([['each', { total: 3, ended: 1, failed: 1 }]]);
  await activity('s:each[1]').ends(success());
  expect(news()).toEqual([['each', { total: 3, ended: 2, failed: 1 }]]);
  await activity('s:each[2]').ends(success());
  expect(news()).toEqual([['each', undefined]]);
});

test('a step that waits for a lock says since when', async () => {
  const run = await HandRun.of([{ id: 'a', command: 'make', locks: ['db'] }]);
  await run.temporal.the('acquireLock').ends({ granted: false, holder: 'other' });
  const { at } = run.events.at(-1)!;
  const words = "waits for lock 'db', held by run 'other'";
  expect(run.progress().steps[0]).toMatchObject({ waits_for: 'lock', waits_since: at, message: words });
});

test('locks that a paused run is given go back, and are asked for anew when it goes on', async () => {
  const run = await HandRun.of([{ id: 'a', command: 'make', locks: ['a'] }]);
  await run.hears({ type: 'pause', at: Date.now() });
  await run.temporal.the('acquireLock').ends({ granted: true });
  await run.temporal.the('releaseLock').ends();
  expect(run.temporal.waiting()).toEqual([]);
  await run.hears({ type: 'resume', at: Date.now() });
  expect(run.temporal.waiting()).toEqual(['acquireLock']);
});

test('a step that is canceled while it waits for a lock has not run, and takes its request back', async () => {
  const run = await HandRun.of([{ id: 'a', command: 'make', locks: ['a'] }]);
  await run.hears({ type: 'cancel-step', step: 0, at: Date.now() });
  await run.temporal.the('acquireLock').fails(stopped());
  await run.temporal.the('releaseLock').ends();
  expect(run.report('a')).toEqual({ status: 'canceled', attempts: 0 });
});

test('tasks that are too large together leave one after the other', async () => {
  const steps = ['a', 'b', 'c'].map((id) => ({ id, command: 'cat', stdin: id.repeat(400_000) }));
  const run = await HandRun.of(steps);
  const ids = (): string[] =>
    run.temporal.open.filter(({ name }) => name === 'runStep').map((call) => taskOf(call).step_id);
  expect(ids()).toEqual(['a', 'b']);
  await run.temporal.the('timer').ends();
  expect(ids()).toEqual(['a', 'b', 'c']);
});
