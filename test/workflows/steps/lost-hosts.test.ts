import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { hostQueue } from '../../../src/contract/names.js';
import { FORGED } from '../../../src/workflows/signing/answers.js';
import { HandRun, success, taskOf } from '../../support/hand-run.js';
import { activityFailure, isOn, stopped, unserved } from '../../support/hand-temporal.js';

const forged = (): Error =>
  activityFailure('runStep', ApplicationFailure.create({ type: FORGED, nonRetryable: true, message: 'forged' }));

test('a step whose process is on another host is asked for there', async () => {
  const run = await HandRun.of([{ id: 'a', command: 'make' }]);
  const first = run.temporal.the('runStep');
  expect(first.options).toMatchObject({ activityId: 's:a' });
  expect(first.options).not.toHaveProperty('taskQueue');
  await first.fails(isOn('elsewhere'));
  const second = run.temporal.the('runStep');
  expect(second.options).toMatchObject({ taskQueue: hostQueue('elsewhere'), scheduleToStartTimeout: '1 minute' });
  expect(taskOf(second).carried).toEqual({ failures: 0, first_started_at: 1, host: 'elsewhere' });
  await second.ends(success());
  expect([run.step('a').status, run.state.status]).toEqual(['success', 'succeeded']);
});

test('a step whose host is gone starts anew in its own queue, as often as max_lost says', async () => {
  const run = await HandRun.of([{ id: 'a', command: 'make', queue: 'own' }], { globals: { max_lost: 1 } });
  await run.temporal.the('runStep').fails(isOn('one'));
  await run.temporal.the('runStep').fails(unserved());
  const anew = run.temporal.the('runStep');
  expect(anew.options['taskQueue']).toBe('own');
  expect(taskOf(anew).carried).toEqual({ failures: 0, first_started_at: 1 });
  await anew.fails(isOn('two'));
  await run.temporal.the('runStep').fails(unserved());
  expect(run.report('a')).toEqual({
    status: 'failed',
    reason: 'wrong_host',
    message: 'HostLostError: the step was started on two, which no worker serves any more',
    attempts: 1,
  });
});

test('a step that runs once does not start anew', async () => {
  const run = await HandRun.of([{ id: 'a', command: 'make', run_once: true }]);
  await run.temporal.the('runStep').fails(isOn('one'));
  await run.temporal.the('runStep').fails(unserved());
  expect(run.report('a')?.message).toMatch(/no worker serves any more; run_once forbids another start$/);
  expect(run.temporal.waiting()).toEqual([]);
});

test('where nobody takes a step that has no process yet, that is its end', async () => {
  const run = await HandRun.of([{ id: 'a', command: 'make' }]);
  await run.temporal.the('runStep').fails(unserved());
  expect(run.report('a')).toMatchObject({ status: 'failed', reason: 'lost' });
});

test('an answer that somebody else has given is asked for again, three times', async () => {
  const run = await HandRun.of([{ id: 'a', command: 'make' }]);
  for (let answer = 0; answer < 4; answer += 1) await run.temporal.the('runStep').fails(forged());
  expect(run.report('a')).toEqual({ status: 'failed', reason: 'forged', message: 'forged', attempts: 1 });
});

test('what a canceled step has left running is ended on its host, for nobody has told of its end', async () => {
  const run = await HandRun.of([{ id: 'a', command: 'make' }]);
  await run.temporal.the('runStep').fails(isOn('one'));
  await run.hears({ type: 'cancel-step', step: 0, at: Date.now() });
  const step = run.temporal.the('runStep');
  expect(step.canceled).toBe(true);
  await step.fails(stopped());
  const reap = run.temporal.the('reapStep');
  expect(reap.options).toMatchObject({ activityId: 'i:reap:a:1', taskQueue: hostQueue('one') });
  expect(reap.args).toEqual([{ step_id: 'a', grace_sec: 10, retries: 0 }]);
  expect(run.step('a').status).toBe('running');
  await reap.fails(new Error('its worker is gone, too'));
  expect(run.step('a').status).toBe('canceled');
});

test('a canceled step that tells of its end has left nothing running', async () => {
  const run = await HandRun.of([{ id: 'a', command: 'make' }]);
  await run.hears({ type: 'cancel-step', step: 0, at: Date.now() });
  await run.temporal.the('runStep').fails(stopped({ log_dir: '/logs', stdout_tail: 'half' }));
  expect(run.temporal.waiting()).toEqual([]);
  expect(run.report('a')).toEqual({ status: 'canceled', attempts: 0, log_dir: '/logs', stdout_tail: 'half' });
});
