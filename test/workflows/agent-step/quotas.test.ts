import { expect, test } from 'vitest';
import { hostQueue } from '../../../src/contract/names.js';
import { HandRun, taskOf } from '../../support/hand-run.js';
import { isOn, unserved } from '../../support/hand-temporal.js';
import { agent, allow, breaks, says, turn } from './turns.js';

const quota = { failure: { kind: 'quota' as const, reset_at: 5000 } };

test('a quota that ends in the middle is told to its account, and waited for without a slot', async () => {
  const run = await HandRun.of([agent(), { id: 'other', command: 'make' }], { globals: { max_concurrency: 1 } });
  await allow(run);
  await breaks(run, 'quota', { ...quota, session_id: 's' });
  const told = run.temporal.the('askAccount');
  expect(told.args).toEqual([
    { account: 'codex', key: 'temporal-run/a', hit: { key: 'temporal-run/a/1', reset_at: 5000 } },
  ]);
  await told.ends({ start_at: 0 });
  await run.temporal.the('askAccount').ends({ start_at: Date.now() + 60_000 });
  expect(run.step('a').park).toMatchObject({ why: 'quota' });
  expect(run.step('other').status).toBe('running');
  await run.temporal.the('runStep').ends({ status: 'success', attempts: 1 });
  await run.temporal.the('timer').ends();
  await allow(run);
  expect(turn(run)).toMatchObject({ session: 's', prompt: { again: { reason: 'your quota had ended' } } });
  await says(run);
  expect(run.report('a')).toMatchObject({ status: 'success', attempts: 1 });
});

test('another agent takes over whose account has quota', async () => {
  const run = await HandRun.of([agent({ fallback_agents: ['claude'] })]);
  await run.temporal.the('askAccount').ends({ start_at: Date.now() + 60_000 });
  expect(run.temporal.the('askAccount').args).toMatchObject([{ account: 'claude' }]);
  await allow(run);
  expect(turn(run).agent).toBe('claude');
});

test('a turn that is lost goes on with its session on its host; where the host is gone, in a fresh one', async () => {
  const run = await HandRun.of([agent()], { globals: { max_lost: 2 } });
  await allow(run);
  await breaks(run, 'verdict', { verdict: 'question', state_host: 'one', session_id: 's' });
  expect(run.report('a')).toMatchObject({ status: 'failed', reason: 'verdict' });
  const again = await HandRun.of([agent()]);
  await allow(again);
  await says(again, { verdict: 'question', message: 'so?', state_host: 'one', session_id: 's' });
  await again.hears({ type: 'answer', step: 0, text: 'so', at: Date.now() });
  await allow(again);
  expect(again.temporal.the('runStep').options['taskQueue']).toBe(hostQueue('one'));
  await again.temporal.the('runStep').fails(unserved());
  await allow(again);
  const { options } = again.temporal.the('runStep');
  expect([options['taskQueue'], turn(again).session]).toEqual([undefined, undefined]);
});

test('a session that cannot go on is replaced once, and costs no attempt', async () => {
  const run = await HandRun.of([agent()]);
  await allow(run);
  await breaks(run, 'agent_failed', { failure: { kind: 'session' } });
  await allow(run);
  expect(turn(run).prompt.again).toEqual({ kind: 'resume', reason: 'your session could not continue' });
  await breaks(run, 'agent_failed', { failure: { kind: 'session' } });
  expect(run.report('a')).toMatchObject({ status: 'failed', reason: 'agent_failed', attempts: 1 });
});

test('a run of before, whose history knows no fresh session, counts that turn as a failed one', async () => {
  const run = await HandRun.of([agent()]);
  run.temporal.unpatched.add('fresh-session');
  await allow(run);
  await breaks(run, 'agent_failed', { failure: { kind: 'session' } });
  expect(run.report('a')).toMatchObject({ status: 'failed', reason: 'agent_failed', attempts: 1 });
});

test('a turn that runs elsewhere is waited for there', async () => {
  const run = await HandRun.of([agent()]);
  await allow(run);
  await run.temporal.the('runStep').fails(isOn('two'));
  const there = run.temporal.the('runStep');
  expect([there.options['taskQueue'], taskOf(there).carried?.host]).toEqual([hostQueue('two'), 'two']);
});
