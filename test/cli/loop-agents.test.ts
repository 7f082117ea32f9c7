import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { callCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { fakeAgents } from '../support/fake-agents.js';
import { loopRig, loopStatus, wanted, type LoopRig } from '../support/loop-rig.js';
import { OwnService } from '../support/own-service.js';
import { uniqueId } from '../support/plans.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const own = new OwnService();
beforeAll(() => own.up());
afterAll(() => own.down('--stop-steps'));

function rigOf(
  prefix: string,
  config = '',
): {
  rig: LoopRig;
  call: (...args: string[]) => Promise<CliResult>;
  starts: () => string[];
  prompts: () => string[];
} {
  const id = uniqueId(prefix);
  const rig = loopRig(path.join(own.dir, id), id, config);
  const fakes = fakeAgents(rig.control);
  const env = { ORCH_STATE_DIR: own.state, PATH: fakes.PATH };
  const call = (...args: string[]): Promise<CliResult> =>
    callCli([...args.slice(0, 1), ...args.slice(1)], { cwd: rig.dir, env });
  // Agents by the first line of their prompt.
  const starts = (): string[] => fakes.starts().map(({ agent, prompt }) => `${agent} ${prompt.split('\n', 1)[0]}`);
  return {
    rig,
    call: (...args) => call(...args, ...(args[1] === 'run' ? ['--env', `FAKE_LOG=${fakes.log}`] : [])),
    starts,
    prompts: () => fakes.starts().map(({ prompt }) => prompt),
  };
}

const raw = (event: object): string => `FAKE raw ${JSON.stringify(event)}`;

const oneIteration = (id: string): string[] => [
  'loop',
  'run',
  '--id',
  id,
  '--max-iterations',
  '1',
  '--agent',
  'claude',
];

const init = raw({ type: 'system', subtype: 'init', session_id: 'SESSION', claude_code_version: '2.1.277' });

const result = (text: string, more: object = {}): string =>
  raw({ type: 'result', subtype: 'success', is_error: false, result: text, session_id: 'SESSION', ...more });

describe('coding agents', () => {
  test('each prompt by the agent that is nearest to the command line: prompts before roles, auto at last', async () => {
    const { rig, call, starts } = rigOf('maps', 'router: {enabled: true, review_every_n: 2}\n');
    const args = ['--id', rig.id, '--max-iterations', '2', '--agent', 'auto', '--agent-role', 'ralph=codex'];
    const { code } = await call('loop', 'run', ...args, '--agent-prompt', 'reviewer=gemini');
    expect([code, starts()]).toEqual([
      0,
      ['claude supervisor.md', 'codex main.md', 'gemini reviewer.md', 'codex main.md'],
    ]);
  });

  test('the prompt goes to the agent as it stands in its file, without any words of orch', async () => {
    const { rig, call } = rigOf('verbatim');
    const text = 'supervisor.md\nSay ${HOME} and ${{ x }} — as it is.\n\n';
    rig.write('prompts/supervisor.md', text);
    await call('loop', 'run', '--id', rig.id, '--max-iterations', '1', '--agent', 'codex');
    const log = readFileSync(path.join(rig.control, 'fake-agents', 'starts.ndjson'), 'utf8').split('\n', 1)[0]!;
    expect((JSON.parse(log) as { prompt: string }).prompt).toBe(text);
  });

  test('an agent that is out of quota is waited for, and its turn counts once', async () => {
    const { rig, call, starts } = rigOf('quota');
    rig.write(
      'prompts/main.md',
      `main.md\nFAKE once ${rig.control}/was-out\nFAKE quota 4\nFAKE always\nFAKE say done\n`,
    );
    const following = call('loop', 'run', '--id', rig.id, '--max-iterations', '1', '--agent', 'claude');
    const waits = await eventually(
      'it waits',
      async () => (await loopStatus(call, rig.id).catch(() => undefined))?.view?.waits_for,
      60_000,
    );
    expect(waits).toMatch(/^the quota of 'claude' until /);
    const { code, stderr } = await following;
    expect([code, stderr]).toEqual([0, expect.stringContaining('waits for the quota of')]);
    expect(starts()).toEqual(['claude supervisor.md', 'claude main.md', 'claude main.md']);
    expect((await loopStatus(call, rig.id)).view?.turns).toBe(2);
  });

  test('an interim answer does not end a turn: its last one counts', async () => {
    const { rig, call } = rigOf('interim');
    const lines = [
      init,
      result('I wait for 3 agents.'),
      'FAKE sleep 3',
      init,
      'FAKE sleep 4',
      result('VERDICT: FAIL a hole'),
    ];
    rig.write('prompts/main.md', ['main.md', ...lines].join('\n'));
    const { code, stdout } = await call(...oneIteration(rig.id));
    expect([code, stdout]).toEqual([1, expect.stringContaining('the agent says fail: a hole')]);
  });

  test('an answer counts although the exit code is bad', async () => {
    const { rig, call } = rigOf('exit');
    rig.write('prompts/main.md', 'main.md\nFAKE say done\nFAKE exit 143\n');
    expect((await call(...oneIteration(rig.id))).code).toBe(0);
    const turns = await own.client.workflow.getHandle(rig.id).query<{ status: string; words: string }[]>('turns');
    expect(turns[1]).toMatchObject({ status: 'warning', words: 'it answered, and then it exited with code 143' });
  });

  test('what a session has cost before its quota ended is charged once', async () => {
    const { rig, call } = rigOf('cost', 'budget: {cost_usd: 1}\n');
    const limit = { is_error: true, total_cost_usd: 0.6 };
    const lines = [
      `FAKE once ${rig.control}/met`,
      init,
      result('Usage limit reached, try again in 1 second.', limit),
      'FAKE exit 1',
      // The second turn of the session says what both have cost.
      'FAKE otherwise',
      init,
      result('done', { total_cost_usd: 0.65 }),
    ];
    rig.write('prompts/main.md', ['main.md', ...lines].join('\n'));
    rig.write('prompts/supervisor.md', 'supervisor.md\nFAKE cost 0\n');
    expect((await call(...oneIteration(rig.id))).code).toBe(0);
    const { view } = (await loopStatus(call, rig.id)) as { view?: { used?: { cost_usd: number } } };
    expect(view?.used?.cost_usd).toBeCloseTo(0.65);
  });

  test.each([
    ['claude', 'gone'],
    ['codex', 'gone'],
    ['codex', 'other'],
    ['claude', 'long'],
  ])(
    'a session of %s that is %s stops no loop: a fresh one takes the turn, and knows that it was begun',
    async (name, how) => {
      const { rig, call, prompts } = rigOf('session');
      const text = `main.md\nFAKE once ${rig.control}/begun\nFAKE forget ${how}\nFAKE quota 1\nFAKE always\nFAKE say done\n`;
      rig.write('prompts/main.md', text);
      // Whose account is its own: limits in a row are waited for longer each time.
      rig.write('orchestration.yaml', `agents: {mine: {adapter: ${name}, account: ${rig.id}}}\n`);
      expect((await call('loop', 'run', '--id', rig.id, '--max-iterations', '1', '--agent', 'mine')).code).toBe(0);
      expect(prompts().slice(1)).toEqual([
        text,
        text,
        expect.stringMatching(/^main\.md\n[^]*This task was started before/),
      ]);
    },
  );

  test('a budget that is used up stops the loop before the next turn', async () => {
    const { rig, call, starts } = rigOf('budget', 'budget: {tokens: 150}\n');
    const { code, stdout } = await call('loop', 'run', '--id', rig.id, '--max-iterations', '3', '--agent', 'codex');
    expect([code, stdout]).toEqual([1, expect.stringContaining("the loop's budget is used up: 200 of 150 tokens")]);
    expect(starts()).toHaveLength(2);
  });

  test('an agent that prints nothing for too long is stopped, and that is the failure', async () => {
    const { rig, call } = rigOf('stalled');
    rig.write('prompts/main.md', 'main.md\nFAKE silent\n');
    const set = ['--set', 'stall_timeout_sec=1'];
    const { code, stdout } = await call(
      'loop',
      'run',
      '--id',
      rig.id,
      '--max-iterations',
      '1',
      '--agent',
      'codex',
      ...set,
    );
    expect([code, stdout]).toEqual([1, expect.stringContaining('main (ralph), main.md, turn: stalled')]);
  });

  test('an agent that was killed is a failure, and is not started again by itself', async () => {
    const { rig, call, starts } = rigOf('killed');
    rig.write('prompts/main.md', 'main.md\nFAKE die\n');
    const { code } = await call('loop', 'run', '--id', rig.id, '--max-iterations', '1', '--agent', 'codex');
    expect([code, starts()]).toEqual([1, ['codex supervisor.md', 'codex main.md']]);
  });
});

describe('to Temporal', () => {
  test('a cancel ends the turn and the loop, which closes as Canceled; resume takes the turn again', async () => {
    const { rig, call } = rigOf('cancel');
    rig.inTurn('iter-00001.supervisor', `[ -e '${rig.control}/go' ] || sleep 1000`);
    await call('loop', 'start', '--id', rig.id, '--max-iterations', '1');
    await eventually('the turn runs', () => rig.starts().length === 1, 60_000);
    await own.client.workflow.getHandle(rig.id).cancel();
    expect((await call('loop', 'watch', rig.id)).code).toBe(4);
    rig.open('go');
    expect((await call('loop', 'resume', rig.id)).code).toBe(0);
    expect((await call('loop', 'watch', rig.id)).code).toBe(0);
    expect(rig.starts()).toEqual(['iter-00001.supervisor supervisor.md', ...wanted(1, 1)]);
  });

  test('a loop that was terminated is gone on with where it was', async () => {
    const { rig, call } = rigOf('terminate');
    rig.inTurn('iter-00001.main', `[ -e '${rig.control}/go' ] || sleep 1000`);
    await call('loop', 'start', '--id', rig.id, '--max-iterations', '1');
    await eventually('main has its turn', () => rig.starts().length === 2, 60_000);
    await own.client.workflow.getHandle(rig.id).terminate('by a test');
    const watched = await call('loop', 'watch', rig.id);
    expect([watched.code, watched.stderr]).toEqual([1, expect.stringContaining('ended without a result')]);
    rig.open('go');
    await call('loop', 'resume', rig.id);
    expect((await call('loop', 'watch', rig.id)).code).toBe(0);
    expect(rig.starts().slice(2)).toEqual(['iter-00001.main main.md']);
  });

  test('the verbs are signals, too, and what makes no sense, or is not signed, changes nothing', async () => {
    const { rig, call } = rigOf('signals');
    rig.inTurn('iter-00001.supervisor', `until [ -e '${rig.control}/go' ]; do sleep 0.02; done`);
    await call('loop', 'start', '--id', rig.id, '--max-iterations', '5');
    await eventually('the turn runs', () => rig.starts().length === 1, 60_000);
    await own.client.workflow.getHandle(rig.id).signal('stop', { reason: 'unsigned' });
    const handle = own.signedClient().workflow.getHandle(rig.id);
    for (const hostile of [undefined, null, 7, 'x', [], { reason: {} }]) await handle.signal('resume', hostile);
    await handle.signal('stop', { reason: 'by signal', by: 7 });
    rig.open('go');
    const { stdout } = await call('loop', 'watch', rig.id);
    expect(stdout).toContain('stopped: by signal\n');
    expect(rig.starts()).toHaveLength(1);
    const late = await call('loop', 'pause', rig.id);
    expect([late.code, late.stderr]).toEqual([2, expect.stringContaining('error[run_closed]')]);
  });

  test('what nobody has started is said, and a run of a plan is no loop', async () => {
    const { rig, call } = rigOf('unknown');
    const none = await call('loop', 'status', 'nothing-of-this-name');
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('error[run_not_found]')]);
    const here = await call('loop', 'status');
    expect(here.stderr).toContain('The loop of this folder');
    const { id } = await own.start('plan', () => [{ id: 'a', command: 'true' }]);
    expect((await call('loop', 'status', id)).stderr).toContain(`'${id}' is not a loop`);
    expect(rig.starts()).toEqual([]);
  });
});
