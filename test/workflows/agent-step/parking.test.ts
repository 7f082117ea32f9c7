import { expect, test } from 'vitest';
import { HandRun } from '../../support/hand-run.js';
import { agent, allow, says, turn } from './turns.js';

const ONE_SLOT = { globals: { max_concurrency: 1 } };
const other = { id: 'other', command: 'make' };

test('an agent that asks gives its slot back, and goes on with the answer once there is one again', async () => {
  const run = await HandRun.of([agent(), other], ONE_SLOT);
  await allow(run);
  expect(run.step('other').status).toBe('pending');
  await says(run, { verdict: 'question', message: 'well\nblue or red?', session_id: 's' });
  expect(run.step('a').park).toMatchObject({ why: 'question', message: 'it asks: blue or red?' });
  expect(run.step('other').status).toBe('running');
  await run.hears({ type: 'answer', step: 0, text: 'red', by: 'ada', at: Date.now() });
  // The other step has the slot.
  expect(run.temporal.waiting()).toEqual(['runStep']);
  await run.temporal.the('runStep').ends({ status: 'success', attempts: 1 });
  await allow(run);
  expect(turn(run)).toMatchObject({ session: 's', prompt: { again: { kind: 'answer', text: 'red' } } });
});

test('a question that nobody answers in time fails the step', async () => {
  const run = await HandRun.of([agent({ answer_timeout_sec: 60 })]);
  await allow(run);
  await says(run, { verdict: 'question', message: 'blue or red?' });
  expect(run.temporal.the('timer').args).toEqual([60_000]);
  await run.temporal.the('timer').ends();
  expect(run.report('a')).toMatchObject({
    status: 'failed',
    reason: 'question',
    message: 'nobody answered: blue or red?',
  });
});

test('a cancel ends a step that waits for a person', async () => {
  const run = await HandRun.of([agent()]);
  await allow(run);
  await says(run, { verdict: 'question', message: 'blue or red?' });
  await run.hears({ type: 'cancel-step', step: 0, at: Date.now() });
  expect(run.step('a').status).toBe('canceled');
});

test('an instance of a foreach keeps its slot, and nobody can answer it', async () => {
  const run = await HandRun.of([agent({}, { foreach: ['x'] })]);
  await allow(run);
  await says(run, { verdict: 'question', message: 'blue or red?' });
  expect(run.report('a')).toMatchObject({ status: 'failed', reason: 'question' });
});

test('a step waits where others have set aside what is left of the budget of the run', async () => {
  const budget = { tokens: 60 };
  const run = await HandRun.of([agent({ budget }), agent({ budget }, { id: 'b' })], {
    globals: { budget: { tokens: 100 } },
  });
  expect(run.step('b').park).toMatchObject({ why: 'budget' });
  await allow(run);
  expect(turn(run).limits).toMatchObject({ tokens: 60 });
  await says(run, { tokens: 20 });
  expect(run.step('a').status).toBe('success');
  await allow(run);
  await says(run, { tokens: 70 });
  expect(run.step('b').status).toBe('success');
});
