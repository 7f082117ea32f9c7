import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decideRerun, prepareRerun } from '../../src/client/index.js';
import type { StepView } from '../../src/contract/run-messages.js';
import { eventually } from '../support/eventually.js';
import { fakeAgents, type AgentStart } from '../support/fake-agents.js';
import { chain, lines, LongRuns, shell } from '../support/long-runs.js';
import { workerRig, type WorkerRig } from '../support/worker-rig.js';

let rig: WorkerRig;
let runs: LongRuns;

beforeAll(async () => {
  rig = await workerRig();
  runs = new LongRuns(rig);
  await rig.startWorker();
});

afterAll(() => rig.close());

type Json = Record<string, unknown>;

/** A run with agents, in a folder of its own. */
interface AgentsRun {
  id: string;
  starts(step: string): (AgentStart & { step?: string })[];
  /** A file of its folder is there from now on. */
  make(name: string): void;
  lines(name: string): string[];
}

async function begin(plan: Json & { globals?: Json }): Promise<AgentsRun> {
  const dir = runs.file('agents');
  mkdirSync(dir);
  const fakes = fakeAgents(dir);
  const globals = {
    cwd: dir,
    env: { PATH: fakes.PATH, FAKE_LOG: fakes.log, FAKE_STEPS: path.join(rig.dir, 'todo') },
    ...plan.globals,
  };
  // How many events groups make depends on how fast the machine is.
  const id = await runs.start({ ...plan, globals }, { shortSteps: false });
  return {
    id,
    starts: (step) => fakes.starts().filter((start: AgentStart & { step?: string }) => start.step === step),
    make: (name) => writeFileSync(path.join(dir, name), ''),
    lines: (name) => lines(path.join(dir, name)),
  };
}

/** @param todo what the fake agent does in each turn: a session that goes on is not told its task again */
function agent(id: string, todo: string[], more: Json = {}, step: Json = {}): Json {
  const text = todo.map((line) => `FAKE ${line}`).join('\n');
  if (!('foreach' in step)) {
    mkdirSync(path.join(rig.dir, 'todo'), { recursive: true });
    writeFileSync(path.join(rig.dir, 'todo', id), text);
    return { id, step_def: { type: 'agent', agent: 'codex', prompt: 'do it', ...more }, ...step };
  }
  return { id, step_def: { type: 'agent', agent: 'codex', prompt: text, ...more }, ...step };
}

async function stepOf({ id }: AgentsRun, name: string): Promise<StepView | undefined> {
  return (await runs.progressOf(id))?.steps.find((step) => step.id === name);
}

/** Waits until an agent asks, for the so-manieth time. */
function asks(run: AgentsRun, step: string, starts: number): Promise<unknown> {
  return eventually(
    `${step} asks`,
    async () => run.starts(step).length === starts && (await stepOf(run, step))?.waits_for === 'answer',
    60_000,
  );
}

test('agents go along: one that works, one that asks, fix rounds, retries, instances, locks and what they cost', async () => {
  const run = await begin({
    globals: { max_concurrency: 12, budget: { tokens: 100_000 } },
    steps: [
      ...chain(40, 'chain'),
      agent('works', ['append once ran', 'wait go', 'say it is done'], {}, { locks: [`lock-${process.pid}`] }),
      agent('asks', ['until answered', 'verdict QUESTION which color?'], {
        verify: [{ run: 'test -e made || { touch made; exit 1; }' }],
      }),
      agent(
        'fails',
        ['append tries t', 'run [ $(wc -l < tries) -ge 3 ] || kill -9 $PPID'],
        {},
        { retries: 3, retry_delay_sec: 1 },
      ),
      agent('turns', ['append turns t'], { max_fix_rounds: 30, verify: [{ run: '[ $(wc -l < turns) -ge 16 ]' }] }),
      agent('each', ['append items i', 'sleep 1'], {}, { foreach: [1, 2, 3, 4], max_parallel: 2 }),
      agent('last', ['say seen'], { context: true }, { depends_on: ['works', 'asks', 'turns'] }),
    ],
  });
  await asks(run, 'asks', 1);
  await eventually(
    'the chain and the turns are over',
    () => run.lines('chain').length === 40 && run.lines('turns').length === 16,
    120_000,
  );
  const before = await runs.executions(run.id);
  expect(before).toBeGreaterThan(4);
  run.make('answered');
  await rig.orch.steer(run.id, 'answer', { step: 'asks', text: 'blue', by: 'ann' });
  run.make('go');
  const result = await rig.orch.result(run.id);
  expect(result.steps.filter(({ status }) => status !== 'success')).toEqual([]);
  expect(result.status).toBe('succeeded');
  const agentOf = (id: string) => result.steps.find((step) => step.id === id)?.agent;
  expect(run.lines('once')).toEqual(['ran']);
  expect(run.starts('works')).toHaveLength(1);
  expect(agentOf('works')).toMatchObject({
    turns: 1,
    tokens: 100,
    message: expect.stringContaining('it is done') as string,
  });
  expect(run.starts('asks').map(({ resumed }) => resumed)).toEqual([false, true, true]);
  expect(run.starts('asks')[1]!.prompt).toContain('blue');
  expect(agentOf('asks')).toMatchObject({ turns: 3, fix_rounds: 1, tokens: 300 });
  expect(run.lines('tries')).toHaveLength(3);
  expect(agentOf('fails')).toMatchObject({ turns: 3 });
  expect(run.lines('turns')).toHaveLength(16);
  expect(agentOf('turns')).toMatchObject({ turns: 16, fix_rounds: 15, tokens: 1600 });
  expect(run.lines('items')).toHaveLength(4);
  expect(agentOf('each')).toMatchObject({ turns: 4, tokens: 400 });
  expect(run.starts('last')[0]!.prompt).toContain('it is done');
  const events = await runs.expectOneRecord(run.id);
  const parked = events.flatMap((event) => (event.type === 'step-parked' ? [[event.step, event.why]] : []));
  expect(parked).toEqual([['asks', 'question']]);
});

test('answers are heard once each, whatever history they meet', async () => {
  const run = await begin({
    globals: { max_concurrency: 4 },
    steps: [...chain(60, 'chain'), agent('talks', ['until enough', 'verdict QUESTION well?'])],
  });
  const answers = Array.from({ length: 10 }, (_, i) => `answer-${i}.`);
  for (const [i, text] of answers.entries()) {
    await asks(run, 'talks', i + 1);
    if (i === answers.length - 1) run.make('enough');
    await rig.orch.steer(run.id, 'answer', { step: 'talks', text });
  }
  expect((await rig.orch.result(run.id)).status).toBe('succeeded');
  expect(run.starts('talks').map(({ prompt }) => answers.filter((text) => prompt.includes(text)))).toEqual([
    [],
    ...answers.map((text) => [text]),
  ]);
  expect(await runs.executions(run.id)).toBeGreaterThan(3);
  await runs.expectOneRecord(run.id);
});

test('a forced cancel, a timeout of the run and one of `finally` end agents that came along', async () => {
  const endless = agent('endless', ['append pids p', 'silent']);
  const plan = { globals: { max_concurrency: 4 }, steps: [...chain(20, 'chain'), endless] };
  const [canceled, timed, late] = await Promise.all([
    begin({ ...plan, finally: [{ id: 'clean', ...shell('echo cleaned >> cleaned') }] }),
    begin({
      ...plan,
      globals: { ...plan.globals, run_timeout_sec: 30 },
      finally: [{ id: 'clean', ...shell('echo cleaned >> cleaned') }],
    }),
    begin({
      globals: { max_concurrency: 4, finally_timeout_sec: 30 },
      steps: [{ id: 'first', ...shell('true') }],
      finally: [...chain(20, 'chain'), endless],
    }),
  ]);
  await eventually('the chain has ended', () => canceled.lines('chain').length === 20, 60_000);
  await eventually('it has gone on', async () => (await runs.executions(canceled.id)) > 1, 60_000);
  await rig.orch.cancel(canceled.id, { force: true });
  const results = await Promise.all([canceled, timed, late].map(({ id }) => rig.orch.result(id)));
  const ends = results.map(({ status, steps }) => {
    const step = steps.find(({ id }) => id === 'endless')!;
    return [status, step.status, step.reason];
  });
  expect(ends).toEqual([
    ['canceled', 'canceled', 'run_canceled'],
    ['failed', 'canceled', 'run_timeout'],
    ['succeeded', 'canceled', 'run_timeout'],
  ]);
  expect([canceled, timed].map((run) => run.lines('cleaned'))).toEqual([[], ['cleaned']]);
  for (const run of [canceled, timed, late]) {
    expect(run.lines('chain')).toHaveLength(20);
    expect(await runs.executions(run.id)).toBeGreaterThan(1);
    const starts = run.starts('endless');
    expect(starts).toHaveLength(1);
    await eventually('its agent is gone', () => !isAlive(starts[0]!.pid), 30_000);
    await runs.expectOneRecord(run.id);
  }
});

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

test('an agent that failed is tried again by hand in a later history, and its run is run again after that', async () => {
  const steps = [
    ...chain(16, 'chain'),
    agent('bad', ['until fixed', 'verdict FAIL half'], {}, { depends_on: ['c15'] }),
    { id: 'beside', ...shell('while [ ! -e fixed ]; do sleep 0.1; done') },
    ...chain(12, 'more', { depends_on: ['c15'] }, 'm'),
  ];
  const run = await begin({ globals: { on_abort: 'quarantine', max_concurrency: 3 }, steps });
  await eventually('it is quarantined', async () => (await runs.progressOf(run.id))?.status === 'quarantined', 60_000);
  run.make('fixed');
  await rig.orch.steer(run.id, 'retry', { step: 'bad' });
  const result = await rig.orch.result(run.id);
  expect(result.status).toBe('succeeded');
  expect(run.starts('bad')).toHaveLength(2);
  expect(await runs.executions(run.id)).toBeGreaterThan(2);
  await runs.expectOneRecord(run.id);
  // What each step gave is there, whatever history it ended in.
  const past = await rig.orch.pastRun(run.id);
  const next = rig.orch.prepare({ source: past.input.plan }, { runId: `${run.id}-again`, baseDir: rig.dir });
  const decision = decideRerun(past, next, { from: ['m10'] });
  expect(decision.again.map(({ step }) => step)).toEqual(['m10', 'm11']);
  await rig.orch.start(prepareRerun(next, past, decision));
  expect((await rig.orch.result(`${run.id}-again`)).status).toBe('succeeded');
  expect(run.lines('more').slice(-4)).toEqual(['m10', 'm11', 'm10', 'm11']);
});

test('a sub-plan and an HTTP call keep a run where it is, which starts nothing at five times the length and says why', async () => {
  const calls: ServerResponse[] = [];
  const server = createServer((_, response) => calls.push(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const gate = runs.file('gate');
  const log = runs.file('chain');
  const wait = shell(`while [ ! -e ${gate} ]; do sleep 0.1; done`);
  const runId = await runs.start(
    {
      globals: { max_concurrency: 4 },
      steps: [
        ...chain(80, log),
        { id: 'sub', step_def: { type: 'plan', plan: 'sub.json' } },
        { id: 'call', step_def: { type: 'http', url: `http://127.0.0.1:${port}/` } },
      ],
    },
    // What comes after them takes as many events as before.
    { plans: { 'sub.json': { plan_id: 'sub', version: '1.0', steps: [{ id: 'waits', ...wait }] } }, shortSteps: false },
  );
  const why =
    "starts nothing until it continues in a new history, for which 'sub' (a sub-plan), 'call' (an HTTP call) must end first";
  await eventually(
    'it says why it starts nothing',
    async () => (await runs.progressOf(runId))?.waits_for === why,
    90_000,
  );
  const stood = lines(log).length;
  expect(stood).toBeGreaterThan(20);
  expect(stood).toBeLessThan(80);
  expect((await rig.orch.explain(runId, `c${stood}`)).lines).toEqual([
    'It is ready; the run continues in a new history first, and nothing starts until then.',
  ]);
  expect(await runs.executions(runId)).toBe(1);
  for (const response of calls) response.end('ok');
  writeFileSync(gate, '');
  expect((await rig.orch.result(runId)).status).toBe('succeeded');
  expect(lines(log)).toHaveLength(80);
  expect(await runs.executions(runId)).toBeGreaterThan(2);
  await runs.expectOneRecord(runId);
  server.close();
});
