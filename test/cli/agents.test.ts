import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { callCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { fakeAgents, type AgentStart } from '../support/fake-agents.js';
import { OwnService, processesOf, textOf, type RunJson } from '../support/own-service.js';
import { uniqueId, writePlan } from '../support/plans.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const own = new OwnService();
beforeAll(() => own.up());
afterEach(() => own.killLeftovers());
afterAll(() => own.down('--stop-steps'));

interface AgentRun {
  id: string;
  files: string;
  starts: () => AgentStart[];
  orch: (...args: string[]) => Promise<CliResult>;
}
type Json = Record<string, unknown>;

/** Starts a plan of agent steps, with fake agents on its PATH and a folder of its own. */
async function start(prefix: string, steps: Json[], more: Json = {}): Promise<AgentRun> {
  const id = uniqueId(prefix);
  const files = path.join(own.dir, id);
  mkdirSync(files, { recursive: true });
  const fakes = fakeAgents(files);
  const { globals, ...rest } = more as { globals?: Json & { env?: Json } };
  const env = { FAKE_LOG: fakes.log, ...globals?.env };
  const plan = { globals: { cwd: files, ...globals, env }, steps, ...rest };
  const orch = (...args: string[]): Promise<CliResult> =>
    callCli(args, { cwd: files, env: { ORCH_STATE_DIR: own.state, PATH: fakes.PATH } });
  const { code, stderr } = await orch('start', writePlan(files, plan), '--id', id);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  own.runs.push(id);
  return { id, files, starts: fakes.starts, orch };
}

const agent = (id: string, prompt: string, more: Json = {}, outer: Json = {}): Json => ({
  id,
  step_def: { type: 'agent', agent: 'codex', prompt, ...more },
  ...outer,
});
const shortly = ({ status, steps }: RunJson): unknown[] => [status, ...steps.map((s) => [s.status, s.reason])];
const step = (run: RunJson, index = 0): RunJson['steps'][number] & { agent?: Json; message?: string } =>
  run.steps[index] as never;
const eventsOf = (id: string): { type: string; step?: string; message?: string }[] =>
  textOf(path.join(own.state, 'runs', id, 'events.ndjson'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });
const waiting = (run: AgentRun, why = 'answer'): Promise<true> =>
  eventually('it waits', async () =>
    (await own.orch('status', run.id, '--json')).stdout.includes(`"waits_for": "${why}"`),
  );

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd, encoding: 'utf8' });

describe('a step of an agent', () => {
  test.each(['codex', 'claude', 'gemini', 'opencode'])('%s does its task, and says what it cost', async (name) => {
    const prompt = 'FAKE write made.txt by it\nFAKE say all done\nFAKE tokens 120\nFAKE verdict PASS';
    const run = await start(name, [agent('a', prompt, { agent: name, verify: [{ run: 'grep "by it" made.txt' }] })]);
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['succeeded', ['success', null]]);
    expect(step(ended).agent).toMatchObject({ name, verdict: 'pass', turns: 1, fix_rounds: 0, tokens: 120 });
    expect(run.starts()).toHaveLength(1);
    expect(run.starts()[0]?.prompt).toContain('## Task: a');
  });

  test('generic: any command, with the prompt on stdin, in a file or as an argument; plain or JSON answers', async () => {
    const command = path.join(import.meta.dirname, '../agents/fakes/fake-agent.mjs');
    const agents = {
      plain: { command },
      file: { command, prompt_via: 'file', env: { FAKE_PROMPT_VIA: 'file' } },
      arg: { command, prompt_via: 'arg', env: { FAKE_PROMPT_VIA: 'arg' } },
      json: { command, events: 'json', env: { FAKE_EVENTS: 'json' } },
    };
    const steps = Object.keys(agents).map((name) => agent(name, 'FAKE verdict WARN look at it', { agent: name }));
    const run = await start('generic', steps, { globals: { agents, max_concurrency: 1 } });
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['succeeded', ...steps.map(() => ['warning', null])]);
    expect(ended.steps.map((each) => (each as unknown as { message: string }).message)).toEqual(
      steps.map(() => 'look at it'),
    );
    expect(step(ended, 3).agent).toMatchObject({ tokens: 100, cost_usd: 0.01 });
  });

  test.each([
    ['fails by its own verdict', 'FAKE verdict FAIL no way', 'verdict'],
    ['exits with 0 and has said nothing', 'FAKE empty', 'agent_failed'],
    ['fails with an error', 'FAKE error the model is gone', 'agent_failed'],
    ['is killed', 'FAKE die', 'signaled'],
  ])('that %s has failed', async (_, prompt, reason) => {
    const run = await start('fails', [agent('a', prompt)]);
    expect(shortly(await own.ended(run.id))).toEqual(['failed', ['failed', reason]]);
  });

  test('that is silent is stopped as stalled; one that hangs after its answer has answered', async () => {
    const run = await start('hangs', [
      agent('silent', 'FAKE silent', { stall_timeout_sec: 1 }, { on_failure: 'continue', grace_sec: 1 }),
      agent('hang', 'FAKE hang\nFAKE verdict PASS', {}, { grace_sec: 1 }),
    ]);
    expect(shortly(await own.ended(run.id))).toEqual(['failed', ['failed', 'stalled'], ['success', null]]);
    expect(processesOf(run.id)).toEqual([]);
  });

  test('whose time is up has a warning where the files it was to make are there', async () => {
    const steps = [
      agent('made', 'FAKE write made.txt x\nFAKE wait never', { files: ['made.txt'], timeout_sec: 1 }),
      agent('not', 'FAKE wait never', { files: ['other.txt'], timeout_sec: 1 }, { on_failure: 'continue' }),
    ];
    const ended = await own.ended((await start('late', steps)).id);
    expect(shortly(ended)).toEqual(['failed', ['warning', null], ['failed', 'timeout']]);
  });

  test('goes on with its own session when it is tried again, and begins anew where that is not the one', async () => {
    const run = await start('again', [agent('a', 'FAKE once tried\nFAKE die\nFAKE always', {}, { retries: 1 })]);
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['succeeded', ['success', null]]);
    expect(step(ended).attempts).toBe(2);
    const [first, second] = run.starts();
    expect([second?.resumed, second?.session]).toEqual([true, first?.session]);
    expect(second?.prompt).toContain('You did not finish before');

    const other = await start('other', [
      agent('a', 'FAKE once tried\nFAKE die\nFAKE always', { session: 'auto' }, { retries: 2 }),
    ]);
    await own.ended(other.id);
    expect(other.starts().map(({ resumed }) => resumed)).toEqual([false, true]);
  });

  test('shows what it does while it works', async () => {
    const run = await start('live', [agent('a', 'FAKE append notes.txt x\nFAKE tokens 70\nFAKE wait go')]);
    await eventually('its last words are shown', async () =>
      /running\s+a .*append notes.txt \(1 tool call\)/.test((await own.orch('status', run.id)).stdout),
    );
    writeFileSync(path.join(run.files, 'go'), '');
    expect((await own.ended(run.id)).status).toBe('succeeded');
  });

  test('hands on outputs, context and its session', async () => {
    const schema = { type: 'object', properties: { colour: { type: 'string' } } };
    const run = await start('hands-on', [
      agent('a', 'FAKE json {"colour": "red", "verdict": "pass"}', { output_schema: schema, agent: 'claude' }),
      agent(
        'b',
        'Paint it ${{ prev.a.outputs.colour }}.',
        { context: true, session: { from: 'a' }, agent: 'claude' },
        { depends_on: ['a'] },
      ),
    ]);
    expect(shortly(await own.ended(run.id))).toEqual(['succeeded', ['success', null], ['success', null]]);
    const [first, second] = run.starts();
    expect(second?.prompt).toContain('Paint it red.');
    expect(second?.prompt).toContain('### a: a');
    expect(second?.session).toBe(first?.session);
    // Claude Code counts for the whole session.
    const { steps } = await own.ended(run.id);
    expect(steps.map((each) => (each as unknown as { agent: Json }).agent)).toMatchObject([
      { tokens: 100, cost_usd: 0.01, session_tokens: 100 },
      { tokens: 100, cost_usd: 0.01, session_tokens: 200, session_cost_usd: 0.02 },
    ]);
  });

  test('works in the folder of its step, also where its tool goes by PWD', async () => {
    const run = await start(
      'cwd',
      [agent('a', 'FAKE say hi', { agent: 'opencode' }), agent('b', 'FAKE say hi', { agent: 'gemini' })].map(
        (each) => ({ ...each, cwd: own.dir }),
      ),
    );
    expect(shortly(await own.ended(run.id))[0]).toBe('succeeded');
    expect(run.starts().map(({ cwd }) => cwd)).toEqual([own.dir, own.dir]);
  });
});

describe('gates', () => {
  test('a failing gate goes back to the agent, in its session, with what it printed', async () => {
    const prompt = 'FAKE once begun\nFAKE write n 1\nFAKE always';
    const run = await start('gate', [
      agent('a', prompt, { verify: [{ run: 'echo saw $(cat n); test $(cat n) = 2 || { echo 2 > n; exit 1; }' }] }),
    ]);
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['succeeded', ['success', null]]);
    expect(step(ended).agent).toMatchObject({ turns: 2, fix_rounds: 1 });
    const [first, second] = run.starts();
    expect(second?.session).toBe(first?.session);
    expect(second?.prompt).toContain('saw 1');
  });

  test('`contains` looks at what is printed, whatever the exit code', async () => {
    const run = await start('contains', [
      agent('a', 'x', {
        verify: [
          { run: 'echo all is well; exit 3', expect: 'contains "is well"' },
          { run: 'exit 4', expect: 'exit 4' },
        ],
      }),
    ]);
    expect(shortly(await own.ended(run.id))).toEqual(['succeeded', ['success', null]]);
  });

  test('a reviewer that approves at the second look', async () => {
    const dir = own.dir;
    const run = await start('review', [
      agent('a', 'FAKE append code.txt line', {
        review: {
          agent: 'claude',
          prompt: `FAKE once ${dir}/reviewed-1\nFAKE verdict FAIL too short\nFAKE always\nFAKE until ${dir}/reviewed-2`,
        },
        files: ['code.txt'],
      }),
    ]);
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['succeeded', ['success', null]]);
    expect(step(ended).agent).toMatchObject({ turns: 2, fix_rounds: 1 });
    expect(run.starts().map((each) => each.agent)).toEqual(['codex', 'claude', 'codex', 'claude']);
    expect(run.starts()[2]?.prompt).toContain('too short');
  });

  test('one that never approves: after its fix rounds a person is asked, who may accept, or let it try again', async () => {
    const review = { agent: 'claude', prompt: 'FAKE verdict FAIL never good enough' };
    const run = await start('never', [agent('a', 'x', { review, max_fix_rounds: 1 })]);
    await waiting(run);
    expect((await own.orch('explain', run.id, 'a')).stdout).toContain('after 1 fix round: review: never good enough');
    expect((await own.orch('retry', run.id, 'a')).code).toBe(0);
    await eventually('it tries again', () => run.starts().length === 8);
    await waiting(run);
    expect((await own.orch('approve', run.id, 'a', '--by', 'ann')).code).toBe(0);
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['succeeded', ['warning', null]]);
    expect(step(ended).message).toContain('accepted by ann');
  });

  test('nobody takes it over in time: it ends as escalated', async () => {
    const run = await start('escalated', [
      agent('a', 'x', { verify: [{ run: 'false' }], max_fix_rounds: 0, answer_timeout_sec: 1 }),
    ]);
    expect(shortly(await own.ended(run.id))).toEqual(['failed', ['failed', 'escalated']]);
  });
});

describe('a question', () => {
  test('waits for an answer, which goes to the same session', async () => {
    const run = await start('asks', [agent('a', 'FAKE verdict QUESTION which colour?')]);
    await waiting(run);
    expect((await own.orch('status', run.id)).stdout).toContain('which colour?');
    const wrong = await own.orch('answer', run.id, 'b', 'red');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("has no step 'b'")]);
    expect((await own.orch('answer', run.id, 'a', 'red\nFAKE verdict PASS')).stdout).toBe(
      'a: answered; the agent continues\n',
    );
    expect(shortly(await own.ended(run.id))).toEqual(['succeeded', ['success', null]]);
    const [first, second] = run.starts();
    expect([second?.session, second?.prompt]).toEqual([first?.session, expect.stringContaining('> red')]);
  });

  test('is rejected, or never answered', async () => {
    const question = 'FAKE verdict QUESTION why?';
    const run = await start('rejected', [
      agent('a', question, {}, { on_failure: 'continue' }),
      agent('b', question, { answer_timeout_sec: 0.5 }, { on_failure: 'continue' }),
    ]);
    await eventually('both have asked', async () => run.starts().length === 2);
    await waiting(run);
    expect((await own.orch('reject', run.id, 'a', '--comment', 'no')).code).toBe(0);
    expect(shortly(await own.ended(run.id))).toEqual(['failed', ['failed', 'rejected'], ['failed', 'question']]);
  });

  test('a canceled run waits no longer', async () => {
    const run = await start('canceled', [agent('a', 'FAKE verdict QUESTION why?')]);
    await waiting(run);
    expect((await own.orch('cancel', run.id)).code).toBe(0);
    expect(shortly(await own.ended(run.id))).toEqual(['canceled', ['canceled', 'run_canceled']]);
  });
});

describe('a quota', () => {
  test('is waited for without a slot, and costs no attempt; the next agent is taken where there is one', async () => {
    const prompt = 'FAKE once hit\nFAKE quota 3\nFAKE always';
    const globals = { max_concurrency: 1, agents: { mine: { adapter: 'codex', account: uniqueId('acc') } } };
    const run = await start('quota', [agent('a', prompt, { agent: 'mine' }), { id: 'b', command: 'true' }], {
      globals,
    });
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['succeeded', ['success', null], ['success', null]]);
    expect(step(ended).attempts).toBe(1);
    expect(run.starts().map(({ resumed }) => resumed)).toEqual([false, true]);
    // While one waits, the other has the only slot.
    const types = ['step-parked', 'step-continued', 'step-succeeded'];
    const order = eventsOf(run.id).filter(({ type }) => types.includes(type));
    expect(order.map(({ type, step: id }) => `${id} ${type}`)).toEqual([
      'a step-parked',
      'b step-succeeded',
      'a step-continued',
      'a step-succeeded',
    ]);
    expect(order[0]?.message).toContain('out of quota until');

    const agents = {
      mine: { adapter: 'codex', account: uniqueId('acc') },
      other: { adapter: 'claude', account: uniqueId('acc') },
    };
    const second = await start('fallback', [agent('a', prompt, { agent: 'mine', fallback_agents: ['other'] })], {
      globals: { agents },
    });
    expect(step(await own.ended(second.id)).agent).toMatchObject({ name: 'other' });
    expect(second.starts().map((each) => each.agent)).toEqual(['codex', 'claude']);
  });

  test('is a failed attempt where nobody is to wait for it', async () => {
    const agents = { mine: { adapter: 'codex', park: false } };
    const run = await start('no-park', [agent('a', 'FAKE quota 60', { agent: 'mine' })], { globals: { agents } });
    expect(shortly(await own.ended(run.id))).toEqual(['failed', ['failed', 'quota']]);
  });

  test('20 steps of one account, out of quota in the middle: all wait, no attempt is lost, all finish', async () => {
    const agents = { mine: { adapter: 'codex', account: uniqueId('acc') } };
    const quota = path.join(own.dir, uniqueId('quota'));
    const prompt = 'FAKE wait go\nFAKE verdict PASS';
    const steps = Array.from({ length: 20 }, (_, i) => agent(`s${i}`, prompt, { agent: 'mine' }));
    const run = await start('fleet', steps, { globals: { agents, max_concurrency: 10, env: { FAKE_QUOTA: quota } } });
    await eventually('ten run', () => run.starts().length === 10);
    writeFileSync(quota, String(Date.now() + 4000));
    writeFileSync(path.join(run.files, 'go'), '');
    const ended = await own.ended(run.id);
    expect(ended.status).toBe('succeeded');
    expect(ended.steps.map(({ status, attempts }) => [status, attempts])).toEqual(steps.map(() => ['success', 1]));
    const events = readFileSync(path.join(own.state, 'runs', run.id, 'events.ndjson'), 'utf8');
    expect(events.match(/"type":"step-parked"/g)?.length).toBeGreaterThanOrEqual(10);
  });
});

describe('a budget', () => {
  test('of a step, and of the run', async () => {
    const loop = { verify: [{ run: 'false' }], max_fix_rounds: 5 };
    const run = await start(
      'budget',
      [
        agent('a', 'FAKE tokens 100', { ...loop, budget: { tokens: 250 } }, { on_failure: 'continue' }),
        agent('b', 'FAKE tokens 100', {}, { depends_on: ['a'], on_failure: 'continue' }),
        agent('c', 'FAKE tokens 100', {}, { depends_on: ['b'] }),
      ],
      { globals: { budget: { tokens: 400, soft: 0.5 } } },
    );
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual([
      'failed',
      ['failed', 'budget_exceeded'],
      ['success', null],
      ['failed', 'budget_exceeded'],
    ]);
    expect(run.starts()).toHaveLength(4);
    const record = readFileSync(path.join(own.state, 'runs', run.id, 'events.ndjson'), 'utf8');
    expect(record).toContain('the run has used 200 of 400 tokens');
  });
});

describe('a worktree of its own', () => {
  test('each agent has its own; what they did is on their branches, which a step merges', async () => {
    const repo = path.join(own.dir, uniqueId('repo'));
    mkdirSync(repo);
    git(repo, 'init', '-q', '-b', 'main');
    writeFileSync(path.join(repo, 'base.txt'), 'base\n');
    git(repo, 'add', '.');
    git(repo, 'commit', '-qm', 'base');
    const merge =
      'git -c user.name=t -c user.email=t@t merge -q --no-edit "$A" && git -c user.name=t -c user.email=t@t merge -q --no-edit "$B"';
    const run = await start('trees', [
      agent(
        'a',
        'FAKE write a.txt one',
        { worktree: true, verify: [{ run: 'test -e a.txt && test -e base.txt' }] },
        { cwd: repo },
      ),
      agent('b', 'FAKE write b.txt two', { worktree: { branch: `mine/${path.basename(repo)}` } }, { cwd: repo }),
      {
        id: 'merge',
        command: merge,
        shell: true,
        cwd: repo,
        env: { A: '${{ prev.a.outputs.branch }}', B: '${{ prev.b.outputs.branch }}' },
        depends_on: ['a', 'b'],
      },
    ]);
    expect(shortly(await own.ended(run.id))).toEqual([
      'succeeded',
      ['success', null],
      ['success', null],
      ['success', null],
    ]);
    expect([textOf(path.join(repo, 'a.txt')), textOf(path.join(repo, 'b.txt'))]).toEqual(['one\n', 'two\n']);
    expect(git(repo, 'worktree', 'list').trim().split('\n')).toHaveLength(1);
    expect(git(repo, 'log', '--format=%B')).toContain(`Orch-Run: ${run.id}/a`);
  });

  test('where there is no repository the step has failed, and that is no fault of orch', async () => {
    const run = await start('treeless', [agent('a', 'FAKE say done', { worktree: true }, { cwd: own.dir })]);
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['failed', ['failed', 'worktree']]);
  });

  test('that of a step that failed stays, with what it did', async () => {
    const repo = path.join(own.dir, uniqueId('repo'));
    mkdirSync(repo);
    git(repo, 'init', '-q', '-b', 'main');
    git(repo, 'commit', '-qm', 'base', '--allow-empty');
    const run = await start('stays', [
      agent('a', 'FAKE write a.txt one\nFAKE verdict FAIL no', { worktree: true }, { cwd: repo }),
    ]);
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['failed', ['failed', 'verdict']]);
    const dir = (step(ended).agent as { worktree: string }).worktree;
    expect(textOf(path.join(dir, 'a.txt'))).toBe('one\n');
  });
});

test('kill -9 of the worker while three agents run: each ran once, and their verdicts are right', async () => {
  const verdicts = ['PASS', 'WARN so so', 'FAIL no'];
  const run = await start(
    'crash',
    verdicts.map((verdict, i) =>
      agent(`s${i}`, `FAKE wait go\nFAKE verdict ${verdict}`, {}, { on_failure: 'continue' }),
    ),
  );
  await eventually('all run', () => run.starts().length === 3);
  await own.killWorker();
  await own.orch('up');
  writeFileSync(path.join(run.files, 'go'), '');
  expect(shortly(await own.ended(run.id))).toEqual([
    'failed',
    ['success', null],
    ['warning', null],
    ['failed', 'verdict'],
  ]);
  expect(run.starts()).toHaveLength(3);
});

test('prompts are kept with the run, for its owner alone', async () => {
  const run = await start('kept', [agent('a', 'keep me')]);
  await own.ended(run.id);
  const file = path.join(own.state, 'runs', run.id, 'steps/a/1/prompt.md');
  expect(existsSync(file)).toBe(true);
  expect(textOf(file)).toContain('keep me');
  expect(textOf(path.join(path.dirname(file), 'verdict'))).toContain('STATUS: pass');
});
