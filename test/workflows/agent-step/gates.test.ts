import { expect, test } from 'vitest';
import { HandRun, success, taskOf } from '../../support/hand-run.js';
import { stepFailed } from '../../support/hand-temporal.js';
import { agent, allow, breaks, says, turn } from './turns.js';

const GATES = { verify: [{ run: 'make test' }, { run: 'make lint' }] };

test('gates run after the turn, in its worktree and on its host, and all of them', async () => {
  const run = await HandRun.of([agent(GATES)]);
  await allow(run);
  await says(run, { worktree: '/tree', state_host: 'one' });
  const first = taskOf(run.temporal.the('runStep'));
  expect(first).toMatchObject({ step_id: 'a~verify-1', cwd: ['/tree'], carried: { host: 'one' } });
  expect(first.action).toMatchObject({ type: 'command', command: 'make test' });
  await run.temporal.the('runStep').ends(success());
  expect(taskOf(run.temporal.the('runStep')).step_id).toBe('a~verify-2');
  await run.temporal.the('runStep').ends(success());
  expect([run.step('a').status, run.report('a')?.agent]).toMatchObject(['success', { turns: 1, fix_rounds: 0 }]);
});

test('what the gates found is told to the agent, and it has as many rounds to mend it as the plan says', async () => {
  const run = await HandRun.of([agent({ ...GATES, max_fix_rounds: 1 })]);
  await allow(run);
  await says(run);
  await run.temporal.the('runStep').fails(stepFailed('code 2', { reason: 'exit_non_zero', stderr_tail: 'no' }));
  await run.temporal.the('runStep').ends(success());
  await allow(run);
  expect(turn(run).prompt.again).toMatchObject({
    kind: 'fix',
    gates: [{ gate: { run: 'make test' }, message: 'code 2', stderr_tail: 'no' }],
  });
  await says(run);
  await run.temporal.the('runStep').fails(stepFailed('code 2', { reason: 'exit_non_zero' }));
  await run.temporal.the('runStep').ends(success());
  expect(run.step('a')).toMatchObject({
    status: 'waiting',
    park: { why: 'escalated', message: 'it needs a person: after 1 fix round: make test: code 2' },
  });
  await run.hears({ type: 'decide', step: 0, decision: 'approve', by: 'ada', at: Date.now() });
  expect(run.report('a')).toMatchObject({
    status: 'warning',
    message: 'accepted by ada, although it needs a person: after 1 fix round: make test: code 2',
  });
});

test('a review that says no is one more thing to mend; one that says yes ends the step', async () => {
  const run = await HandRun.of([agent({ review: { agent: 'claude' } })]);
  await allow(run);
  await says(run, { tree: 'before', session_id: 's1' });
  await allow(run);
  expect(turn(run)).toMatchObject({ agent: 'claude', sandbox: 'read-only', prompt: { review: { since: 'before' } } });
  await says(run, { agent: 'claude', verdict: 'fail', message: 'not yet', note: 'half' });
  await allow(run);
  expect(turn(run)).toMatchObject({ session: 's1', prompt: { again: { kind: 'fix', gates: [], review: 'not yet' } } });
  await says(run);
  await allow(run);
  await says(run, { agent: 'claude' });
  expect(run.report('a')).toMatchObject({ status: 'success', agent: { name: 'codex', turns: 2, fix_rounds: 1 } });
});

test.each([
  ['has crashed', 'agent_failed', 'crash'],
  ['is not installed', 'spawn_failed', undefined],
  ['took too long', 'timeout', 'stopped'],
  ['was silent for too long', 'stalled', 'stopped'],
  ['has said nothing', 'agent_failed', 'empty'],
] as const)(
  'a reviewer that %s gives no consent: a person is asked, and "retry" asks the reviewer again',
  async (_, reason, kind) => {
    const run = await HandRun.of([agent({ review: { agent: 'claude' } })]);
    await allow(run);
    await says(run);
    await allow(run);
    await breaks(run, reason, { agent: 'claude', ...(kind && { failure: { kind } }) });
    expect(run.step('a').park?.message).toMatch(
      /^it needs a person: its work was not approved: the reviewer 'claude' gave no verdict .*--review-engine.*--no-review$/,
    );
    await run.hears({ type: 'retry', step: 0, at: Date.now() });
    await allow(run);
    expect(turn(run)).toMatchObject({ agent: 'claude', sandbox: 'read-only' });
  },
);
