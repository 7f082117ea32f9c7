import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { agentStep as agent, shortly, startAgents, stepOf as step, waiting, type Json } from '../support/agent-runs.js';
import { eventually } from '../support/eventually.js';
import { OwnService, processesOf, textOf } from '../support/own-service.js';
import { uniqueId } from '../support/plans.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const own = new OwnService();
beforeAll(() => own.up());
afterEach(() => own.killLeftovers());
afterAll(() => own.down('--stop-steps'));

const start = (prefix: string, steps: Json[], more?: Parameters<typeof startAgents>[3]) =>
  startAgents(own, prefix, steps, more);
const raw = (event: Json): string => `FAKE raw ${JSON.stringify(event)}`;
const goOn = { on_failure: 'continue', critical: false };

const init = raw({ type: 'system', subtype: 'init', session_id: 'SESSION' });
const result = (text: string, more: Json = {}): string =>
  raw({ type: 'result', subtype: 'success', is_error: false, result: text, session_id: 'SESSION', ...more });
const progress = raw({ type: 'system', subtype: 'task_progress' });
const slowly = Array.from({ length: 4 }, () => `${progress}\nFAKE sleep 2`).join('\n');
const hole = 'Found a hole\n\nVERDICT: FAIL there is a hole';

const event = (text: string): string => JSON.stringify({ type: 'result', subtype: 'success', result: text });

const once = (): string => path.join(own.dir, uniqueId('once'));

describe('the end of a turn', () => {
  test('is the last one: work that goes on after an interim answer is waited for', async () => {
    const codexTurn = (text: string): string[] => [
      raw({ type: 'item.completed', item: { id: 'i', type: 'agent_message', text } }),
      raw({ type: 'turn.completed', usage: { input_tokens: 1, output_tokens: 1 } }),
    ];
    const opencodeStep = (text: string, reason: string): string[] => [
      raw({ type: 'text', sessionID: 'SESSION', part: { type: 'text', text } }),
      raw({ type: 'step_finish', sessionID: 'SESSION', part: { reason, tokens: {} } }),
    ];
    const run = await start('interim', [
      agent(
        'claude',
        [init, result('I launched 3 background agents and wait for them'), slowly, result(hole)].join('\n'),
        { agent: 'claude' },
        goOn,
      ),
      agent(
        'codex',
        [
          ...codexTurn('I wait for them.\n\nVERDICT: PASS'),
          'FAKE sleep 1',
          raw({ type: 'turn.started' }),
          raw({ type: 'item.started', item: { type: 'command_execution', command: 'sleep 7' } }),
          'FAKE sleep 7',
          ...codexTurn(hole),
        ].join('\n'),
        {},
        goOn,
      ),
      agent(
        'opencode',
        [
          raw({ type: 'step_start', sessionID: 'SESSION', part: {} }),
          ...opencodeStep('so far', 'length'),
          'FAKE sleep 8',
          raw({ type: 'step_start', sessionID: 'SESSION', part: {} }),
          ...opencodeStep(hole, 'stop'),
        ].join('\n'),
        { agent: 'opencode' },
        goOn,
      ),
      agent(
        'task',
        [
          init,
          raw({ type: 'system', subtype: 'task_started', task_id: 't1' }),
          result('It runs.\n\nVERDICT: PASS'),
          'FAKE sleep 8',
          raw({ type: 'system', subtype: 'task_notification', task_id: 't1', status: 'completed' }),
          init,
          result(hole),
        ].join('\n'),
        { agent: 'claude' },
        goOn,
      ),
    ]);
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['succeeded', ...Array.from({ length: 4 }, () => ['failed', 'verdict'])]);
    expect(ended.steps.map((_, index) => step(ended, index).message)).toEqual(
      Array.from({ length: 4 }, () => 'the agent says fail: there is a hole'),
    );
  });

  test('a session that is gone on with may tell of older tasks first', async () => {
    const notice = raw({
      type: 'result',
      subtype: 'success',
      num_turns: 0,
      result: '',
      origin: { kind: 'task-notification' },
    });
    const told = path.join(own.dir, uniqueId('told'));
    writeFileSync(told, [notice, 'FAKE sleep 6', result(hole)].join('\n'));
    const gate = { run: `test -e tried || { touch tried; cat '${told}'; exit 1; }` };
    const run = await start('notice', [agent('a', 'x', { agent: 'claude', verify: [gate] })]);
    expect(shortly(await own.ended(run.id))).toEqual(['failed', ['failed', 'verdict']]);
    expect(run.starts().map(({ resumed }) => resumed)).toEqual([false, true]);
  });

  test('counts although the exit code is bad, and what speaks against it makes it a warning that says why', async () => {
    const answer = 'FAKE say I am done.';
    const looping = raw({ type: 'error', severity: 'warning', message: 'Loop detected, stopping execution' });
    const steps: [string, string, Json, string][] = [
      [
        'exit',
        `${answer}\nFAKE no-verdict\nFAKE exit 143`,
        { agent: 'claude' },
        'it answered, and then it exited with code 143',
      ],
      ['none', `${answer}\nFAKE no-verdict`, { agent: 'gemini' }, 'it was asked for a verdict but gave none'],
      ['loop', `${looping}\n${answer}`, { agent: 'gemini' }, 'Loop detected, stopping execution'],
      [
        'denied',
        [init, result('VERDICT: PASS', { permission_denials: [{ tool_name: 'Bash' }, { tool_name: 'Edit' }] })].join(
          '\n',
        ),
        { agent: 'claude' },
        'it was not allowed to use Bash, Edit',
      ],
      [
        'empty',
        `FAKE no-verdict\nFAKE say I don't see a request in your message.`,
        { agent: 'claude' },
        "it did not see the task: I don't see a request in your message.",
      ],
      [
        'broken',
        `FAKE broken\n${answer}`,
        {},
        '2 lines of its output could not be read as events, the last of them: some warning of the runtime',
      ],
    ];
    const run = await start(
      'doubts',
      steps.map(([id, prompt, more]) => agent(id, prompt, more)),
    );
    const ended = await own.ended(run.id);
    expect(ended.steps.map(({ id, status }, index) => [id, status, step(ended, index).message])).toEqual(
      steps.map(([id, , , message]) => [id, 'warning', message]),
    );
  });

  test('between control sequences of a terminal is found', async () => {
    const title = '\\e]0;claude: ready\\e\\\\e[?2004h';
    const broke = { type: 'error', sessionID: 'SESSION', error: { name: 'X', data: { message: 'it broke' } } };
    const run = await start('escapes', [
      agent('a', `FAKE raw ${title}${event('VERDICT: PASS')}`, { agent: 'claude' }),
      agent('b', `FAKE raw Loading… ${event('VERDICT: PASS')}`, { agent: 'claude' }),
      agent(
        'c',
        `FAKE raw ${title}${JSON.stringify(broke)}\nFAKE no-verdict\nFAKE say done`,
        { agent: 'opencode' },
        goOn,
      ),
    ]);
    expect(shortly(await own.ended(run.id))).toEqual([
      'succeeded',
      ['success', null],
      ['success', null],
      ['failed', 'agent_failed'],
    ]);
  });
});

describe('a reviewer', () => {
  const reviewers: [string, Json, RegExp][] = [
    ['is not installed', { agent: 'away' }, /the reviewer 'away' gave no verdict \(.*command not found: no-such-agent/],
    ['crashes', { agent: 'claude', prompt: 'FAKE die' }, /the reviewer 'claude' gave no verdict \(.*SIGKILL/],
  ];
  test.each(reviewers)(
    'that %s has approved nothing: a person decides, and is told how',
    async (_, review, message) => {
      const globals = { agents: { away: { adapter: 'claude', command: 'no-such-agent' } } };
      const run = await start('unreviewed', [agent('a', 'FAKE write made.txt x', { review })], { globals });
      await waiting(run);
      const { stdout } = await run.orch('explain', run.id, 'a');
      expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(message);
      expect(stdout).toContain('--review-engine');
      expect(stdout).toContain('--no-review');
      const before = run.starts().filter(({ agent: name }) => name === 'codex').length;
      expect((await run.orch('retry', run.id, 'a')).code).toBe(0);
      await eventually(
        'the review is tried again',
        async () => (await run.orch('logs', run.id, 'a~review', '--attempt', '2')).code === 0,
      );
      await waiting(run);
      expect((await run.orch('approve', run.id, 'a', '--by', 'ann')).code).toBe(0);
      const ended = await own.ended(run.id);
      expect(shortly(ended)).toEqual(['succeeded', ['warning', null]]);
      // The work is not done once more.
      expect(run.starts().filter(({ agent: name }) => name === 'codex')).toHaveLength(before);
    },
  );

  test('that gives no verdict, or a doubtful one, has not approved', async () => {
    const answer = { max_fix_rounds: 0, answer_timeout_sec: 1 };
    const run = await start('no-verdict', [
      agent(
        'a',
        'x',
        { ...answer, review: { agent: 'claude', prompt: 'FAKE no-verdict\nFAKE say It looks good.' } },
        goOn,
      ),
      agent('b', 'x', { ...answer, review: { agent: 'claude', prompt: 'FAKE verdict PASS with concerns' } }, goOn),
      agent('c', 'x', { ...answer, review: { agent: 'claude', prompt: 'FAKE verdict NOT PASS' } }, goOn),
      agent('d', 'x', { ...answer, review: { agent: 'claude', prompt: 'FAKE verdict ✅ PASS' } }, goOn),
    ]);
    expect(shortly(await own.ended(run.id))).toEqual([
      'succeeded',
      ['failed', 'escalated'],
      ['failed', 'escalated'],
      ['failed', 'escalated'],
      ['success', null],
    ]);
  });
});

describe('a session that cannot go on', () => {
  const kinds: [string, string, string, string][] = [
    ['is gone', 'claude', 'gone', 'FAKE die'],
    ['is gone', 'codex', 'gone', 'FAKE quota 1'],
    ['is another one', 'codex', 'other', 'FAKE quota 1'],
    ['is too long', 'claude', 'long', 'FAKE quota 1'],
  ];
  test.each(kinds)(
    'because it %s (%s): a fresh one knows what was begun, and costs no attempt',
    async (_, name, how, why) => {
      const globals = { agents: { mine: { adapter: name, account: uniqueId('acc') } } };
      const prompt = `FAKE once ${once()}\nFAKE forget ${how}\n${why}\nFAKE always`;
      const run = await start('fresh', [agent('a', prompt, { agent: 'mine' }, { retries: 1 })], { globals });
      const ended = await own.ended(run.id);
      expect(shortly(ended)).toEqual(['succeeded', ['success', null]]);
      expect(step(ended).attempts).toBe(why === 'FAKE die' ? 2 : 1);
      const starts = run.starts();
      expect(starts.map(({ resumed }) => resumed)).toEqual([false, true, false]);
      expect(starts[2]?.prompt).toContain('This task was started before.');
      expect(starts[2]?.prompt).toContain('## Task: a');
    },
  );

  test('another agent that takes over is told what was begun', async () => {
    const agents = {
      mine: { adapter: 'codex', account: uniqueId('acc') },
      other: { adapter: 'claude', account: uniqueId('acc') },
    };
    const prompt = `FAKE once ${once()}\nFAKE write begun.txt x\nFAKE quota 60\nFAKE always`;
    const run = await start('takes-over', [agent('a', prompt, { agent: 'mine', fallback_agents: ['other'] })], {
      globals: { agents },
    });
    expect(shortly(await own.ended(run.id))).toEqual(['succeeded', ['success', null]]);
    const [, second] = run.starts();
    expect(second?.prompt).toContain(
      "This task was started before. You did not finish before: the quota of 'mine' had ended.",
    );
  });
});

test('words about limits are only words: a failure is told once, and nothing is parked', async () => {
  const steps = [
    agent('a', 'FAKE verdict FAIL test_rate_limit_resets does not pass\nFAKE exit 1', {}, goOn),
    agent(
      'b',
      'FAKE no-verdict\nFAKE say I wrote the rate limit middleware; all 12 tests pass.\nFAKE exit 1',
      {},
      goOn,
    ),
    agent('c', 'FAKE error FAIL src/rate-limit.test.ts', {}, goOn),
    agent('d', 'FAKE error operator+ is overloaded', {}, goOn),
  ];
  const run = await start('words', steps);
  expect(shortly(await own.ended(run.id))).toEqual([
    'succeeded',
    ['failed', 'verdict'],
    ['warning', null],
    ['failed', 'agent_failed'],
    ['failed', 'agent_failed'],
  ]);
  expect(run.starts()).toHaveLength(4);
  expect(processesOf(run.id)).toEqual([]);
});

test('a short time that is named again and again is waited for longer each time', async () => {
  const agents = { mine: { adapter: 'codex', account: uniqueId('acc') } };
  const gate = path.join(own.dir, uniqueId('gate'));
  const run = await start(
    'doubling',
    [agent('a', `FAKE until ${gate}\nFAKE quota 1`, { agent: 'mine', session: 'fresh' })],
    {
      globals: { agents },
    },
  );
  await eventually('it has tried five times', () => run.starts().length === 5, 60_000);
  await run.orch('cancel', run.id);
  await own.ended(run.id);
  const told = textOf(path.join(own.state, 'runs', run.id, 'events.ndjson'));
  const ends = [...new Set([...told.matchAll(/out of quota until (\S+?Z)/g)].map(([, at]) => Date.parse(at!)))];
  const apart = ends.slice(1, 4).map((at, index) => at - ends[index]!);
  expect(apart.map((ms, index) => ms >= 2000 * 2 ** index)).toEqual([true, true, true]);
});
