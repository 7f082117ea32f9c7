import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { agentStep as agent, shortly, startAgents, stepOf as step, waiting, type Json } from '../support/agent-runs.js';
import { BIN, callCli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { fakeAgents } from '../support/fake-agents.js';
import { OwnService, processesOf, TAKE_OVER_MS, textOf } from '../support/own-service.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const own = new OwnService();
beforeAll(() => own.up());
afterEach(() => own.killLeftovers());
afterAll(() => own.down('--stop-steps'));

const start = (prefix: string, steps: Json[], more?: Parameters<typeof startAgents>[3]) =>
  startAgents(own, prefix, steps, more);
const FAKE = path.join(import.meta.dirname, '../agents/fakes/fake-agent.mjs');

describe('prompts', () => {
  const long = `FAKE verdict PASS\n${'Words of 20 letters.'.repeat(10_240)}`;

  test('of 200 KB reach the agent whole, also when it is to mend something', async () => {
    const gate = { verify: [{ run: 'test -e tried || { touch tried; exit 1; }' }] };
    const run = await start('long', [agent('a', long, gate), agent('b', long, { agent: 'gemini' })]);
    expect(shortly(await own.ended(run.id))).toEqual(['succeeded', ['success', null], ['success', null]]);
    const prompts = run.starts().map(({ prompt }) => prompt);
    expect(prompts.filter((prompt) => prompt.includes(long))).toHaveLength(2);
    expect(prompts).toHaveLength(3);
  });

  test('that are too long for an argument are refused by the system, and the step says so', async () => {
    const agents = { arg: { command: FAKE, prompt_via: 'arg', env: { FAKE_PROMPT_VIA: 'arg' } } };
    const run = await start('arg', [agent('a', long, { agent: 'arg' })], { globals: { agents } });
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['failed', ['failed', 'spawn_failed']]);
    expect(step(ended).message).toMatch(/too large for the system/);
  });

  const files: [string, (file: string) => void, RegExp][] = [
    ['that is not there', () => {}, /cannot be used: .*(no such file|not there|does not exist)/i],
    ['that is empty', (file) => writeFileSync(file, ' \n'), /cannot be used: it is empty/],
    ['that is no text', (file) => writeFileSync(file, Buffer.from([0xff, 0xfe, 0, 1, 2, 0x80])), /cannot be used: /],
    [
      'that is too long',
      (file) => writeFileSync(file, 'x'.repeat(300_000)),
      /cannot be used: it has more than 262144 characters/,
    ],
    ['that is a folder', (file) => mkdirSync(file), /cannot be used: /],
    ['that is a pipe', (file) => execFileSync('mkfifo', [file]), /cannot be used: /],
  ];
  test.each(files)('a file %s is told where it is named', async (_, make, message) => {
    const dir = tempDir();
    make(path.join(dir, 'task.md'));
    const step_def = { type: 'agent', agent: 'codex', prompt_file: 'task.md' };
    const plan = writePlan(dir, { steps: [{ id: 'a', step_def }] });
    const { code, stderr, stdout } = await callCli(['validate', plan], { cwd: dir });
    expect([code, stdout + stderr]).toEqual([2, expect.stringMatching(/:\d+:\d+: error\[prompt_file_missing\]/)]);
    expect(stdout + stderr).toMatch(message);
  });
});

describe('what an agent prints', () => {
  test('300 MB of events, and 60 MB in one line: it is read to its end, and the run stays small', async () => {
    const agents = { plain: { command: FAKE } };
    const run = await start(
      'flood',
      [
        agent('a', 'FAKE spew 300\nFAKE say the end\nFAKE verdict PASS'),
        agent('b', 'FAKE spew 60\nFAKE say x\nFAKE verdict WARN so much', { agent: 'plain' }),
      ],
      { globals: { agents } },
    );
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['succeeded', ['success', null], ['warning', null]]);
    expect(step(ended).agent).toMatchObject({ message: 'the end\n\nVERDICT: PASS' });
    const folder = path.join(own.state, 'runs', run.id);
    expect(statSync(path.join(folder, 'steps/a/1/stdout.log')).size).toBeGreaterThan(300 * 1024 * 1024);
    expect(statSync(path.join(folder, 'events.ndjson')).size).toBeLessThan(100_000);
    const history = await own.client.workflow.getHandle(run.id).fetchHistory();
    expect(JSON.stringify(history).length).toBeLessThan(500_000);
    execFileSync('rm', ['-rf', folder]);
  });

  test('more than it may: it is stopped', async () => {
    const run = await start('cap', [agent('a', 'FAKE spew 50', {}, { max_output_bytes: 1_000_000, grace_sec: 1 })]);
    expect(shortly(await own.ended(run.id))).toEqual(['failed', ['failed', 'output_cap']]);
  });

  test('a secret that it was given: it is nowhere but with the agent', async () => {
    const secret = `s3cr3t-${uniqueId('x')}`;
    const spellings = [secret, Buffer.from(secret).toString('base64').slice(0, 20)];
    const prompt = 'FAKE tell TOKEN\nFAKE verdict WARN look';
    const ask = 'FAKE verdict QUESTION is it right?';
    const withSecret = { env: { TOKEN: '${{ secrets.TOKEN }}', FAKE_LOG: '' } };
    const file = path.join(tempDir(), 'secret');
    writeFileSync(file, secret);
    const json = { agent: 'claude', output_schema: { type: 'object', properties: { token: { type: 'string' } } } };
    const run = await start(
      'secret',
      [
        agent(
          'a',
          prompt,
          { verify: [{ run: 'echo "$TOKEN"; echo "$TOKEN" >&2; test -e ok || { touch ok; exit 1; }' }] },
          withSecret,
        ),
        agent('b', ask, { agent: 'claude' }, withSecret),
        agent(
          'c',
          'FAKE mutter TOKEN\nFAKE error it broke',
          {},
          { ...withSecret, on_failure: 'continue', critical: false },
        ),
        agent('d', 'FAKE tell-json TOKEN', json, withSecret),
        agent(
          'e',
          'Say ${{ prev.a.outputs.message }} and ${{ prev.d.outputs.token }}',
          { context: true },
          { depends_on: ['a', 'd'] },
        ),
      ],
      { globals: { secrets: { TOKEN: { file } } } },
    );
    await waiting(run);
    expect((await run.orch('answer', run.id, 'b', 'it is fine\nFAKE tell TOKEN')).code).toBe(0);
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual([
      'succeeded',
      ['success', null],
      ['warning', null],
      ['failed', 'agent_failed'],
      ['success', null],
      ['success', null],
    ]);
    const seen: string[] = [];
    for (const args of [
      ['status', run.id, '--json'],
      ['explain', run.id, 'a'],
      ['logs', run.id, 'a'],
      ['export', run.id],
    ]) {
      const { stdout, stderr } = await run.orch(...args);
      seen.push(stdout, stderr);
    }
    seen.push(JSON.stringify(await own.client.workflow.getHandle(run.id).fetchHistory()));
    expect(spellings.filter((text) => seen.join('\n').includes(text))).toEqual([]);
    expect(seen.join('\n')).toContain('***');
    const found = spellings.flatMap((text) => grep(text, own.state));
    expect(found).toEqual([]);
  });
});

/** Files below a folder that hold a text. */
function grep(text: string, folder: string): string[] {
  try {
    return execFileSync('grep', ['-rlaF', '--', text, folder], { encoding: 'utf8' }).trim().split('\n');
  } catch {
    return [];
  }
}

describe('an answer that is to be JSON', () => {
  const schema = { output_schema: { type: 'object', properties: { colour: { type: 'string' } } } };
  test.each([
    ['prose', 'FAKE say It is red.', ['failed', 'agent_failed']],
    [
      'prose round a fence',
      'FAKE say Here:\nFAKE say ```json\nFAKE say {"colour": "red"}\nFAKE say ```',
      ['success', null],
    ],
    ['a list', 'FAKE json ["red"]', ['failed', 'agent_failed']],
    ['a text', 'FAKE json "red"', ['failed', 'agent_failed']],
    ['cut off', 'FAKE json {"colour": "re', ['failed', 'agent_failed']],
    ['an object', 'FAKE json {"colour": "red"}', ['success', null]],
  ])('%s', async (_, prompt, expected) => {
    const run = await start('json', [
      agent('a', prompt, schema),
      { id: 'b', command: 'test', args: ['${{ prev.a.outputs.colour }}', '=', 'red'], depends_on: ['a'] },
    ]);
    const ended = await own.ended(run.id);
    expect(shortly(ended)[1]).toEqual(expected);
    if (expected[0] === 'success') expect(ended.status).toBe('succeeded');
    else expect(step(ended).message).toContain('not a JSON object');
  });
});

describe('places where agents may stand', () => {
  test('foreach: each instance has its own session, gates and cost; one that asks has failed', async () => {
    const run = await start('each', [
      agent(
        'e',
        'Paint it ${{ item }}.\nFAKE append ${{ item }}.txt x',
        { verify: [{ run: 'test -e $COLOUR.txt' }] },
        {
          env: { COLOUR: '${{ item }}' },
          foreach: ['red', 'blue'],
        },
      ),
      {
        id: 'read',
        command: 'test',
        args: ['${{ prev.e.outputs.verdict }}', '=', '["pass","pass"]'],
        depends_on: ['e'],
      },
      agent(
        'asks',
        'FAKE verdict QUESTION ${{ item }}?',
        {},
        { foreach: ['why'], on_failure: 'continue', critical: false },
      ),
    ]);
    const ended = await own.ended(run.id);
    expect(shortly(ended)).toEqual(['succeeded', ['success', null], ['success', null], ['failed', 'question']]);
    expect(step(ended).agent).toMatchObject({ name: 'codex', turns: 2, tokens: 200 });
    expect(step(ended, 2).message).toContain('why?');
    expect(new Set(run.starts().map(({ session }) => session)).size).toBe(3);
  });

  test('finally: after a failure, and after a cancel', async () => {
    const last = { finally: [agent('tell', 'Tell of it.', { verify: [{ run: 'touch told' }] })] };
    const failed = await start('last', [{ id: 'a', command: 'false' }], last);
    expect(shortly(await own.ended(failed.id))).toEqual(['failed', ['failed', 'exit_non_zero'], ['success', null]]);
    const canceled = await start('last', [agent('a', 'FAKE wait never')], last);
    await eventually('it runs', () => canceled.starts().length === 1);
    await canceled.orch('cancel', canceled.id);
    expect(shortly(await own.ended(canceled.id))).toEqual([
      'canceled',
      ['canceled', 'run_canceled'],
      ['success', null],
    ]);
    expect(canceled.starts().map(({ prompt }) => prompt.includes('Tell of it.'))).toEqual([false, true]);
  });
});

test('a cancel while gates run leaves no process', async () => {
  const gate = 'echo $$ > gate; (sleep 1000 & echo $! > child; wait)';
  const run = await start('gates', [agent('a', 'x', { verify: [{ run: gate }, { run: 'touch second' }] })]);
  await eventually('the gate runs', () => textOf(path.join(run.files, 'child')) !== '');
  expect(processesOf(run.id).length).toBeGreaterThan(0);
  await run.orch('cancel', run.id);
  expect(shortly(await own.ended(run.id))).toEqual(['canceled', ['canceled', 'run_canceled']]);
  await eventually('no process is left', () => processesOf(run.id).length === 0);
  expect(textOf(path.join(run.files, 'second'))).toBe('');
});

test('kill -9 of the worker while a gate runs, and while a review does: nothing runs twice', async () => {
  const gate = 'echo x >> gates; until [ -e go-gate ]; do sleep 0.05; done';
  const review = { agent: 'claude', prompt: 'FAKE wait go-review\nFAKE verdict PASS' };
  const run = await start('crash', [agent('a', 'Make it.', { verify: [{ run: gate }], review })]);
  await eventually('the gate runs', () => textOf(path.join(run.files, 'gates')) !== '');
  await own.killWorker();
  await own.orch('up');
  writeFileSync(path.join(run.files, 'go-gate'), '');
  await eventually('the review runs', () => run.starts().length === 2, TAKE_OVER_MS);
  await own.killWorker();
  await own.orch('up');
  writeFileSync(path.join(run.files, 'go-review'), '');
  const ended = await own.ended(run.id);
  expect(shortly(ended)).toEqual(['succeeded', ['success', null]]);
  expect(step(ended).agent).toMatchObject({ turns: 1, fix_rounds: 0, tokens: 200 });
  expect(run.starts().map((each) => each.agent)).toEqual(['codex', 'claude']);
  expect(textOf(path.join(run.files, 'gates'))).toBe('x\n');
});

describe('workers with state folders of their own', () => {
  const team = new OwnService();
  const children: ChildProcess[] = [];
  const hosts = { a: tempDir(), b: tempDir() };
  beforeAll(async () => {
    await team.up();
    await team.killWorker();
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    team.killLeftovers();
    await team.down('--stop-steps');
  });

  async function worker(host: keyof typeof hosts, PATH: string): Promise<ChildProcess> {
    const address = team.service().server.address;
    const env = { ...process.env, TEMPORAL_ADDRESS: address, ORCH_STATE_DIR: hosts[host], HOST_NAME: host, PATH };
    const child = spawn(process.execPath, [BIN, 'worker', '--json'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually('the worker polls', () => output.includes('"ready":true'), TAKE_OVER_MS);
    return child;
  }

  test('a step goes on where its session is; where that host does not come back, with another session on another one', async () => {
    const files = path.join(team.dir, uniqueId('hosts'));
    mkdirSync(files);
    const fakes = fakeAgents(files);
    const a = await worker('a', fakes.PATH);
    const id = path.basename(files);
    const prompt = 'FAKE append made x\nFAKE verdict QUESTION which?\nFAKE wait go';
    const plan = writePlan(files, {
      globals: { cwd: files, env: { FAKE_LOG: fakes.log } },
      steps: [agent('a', prompt)],
    });
    const env = { ORCH_STATE_DIR: tempDir(), TEMPORAL_ADDRESS: team.service().server.address, PATH: fakes.PATH };
    const there = (...args: string[]) => callCli(args, { cwd: files, env });
    expect((await there('start', plan, '--id', id)).code).toBe(0);
    team.runs.push(id);
    await eventually('it runs', () => fakes.starts().length === 1, TAKE_OVER_MS);
    a.kill('SIGKILL');
    await worker('b', fakes.PATH);
    await eventually('it runs anew', () => fakes.starts().length === 2, TAKE_OVER_MS + 90_000);
    const [first, second] = fakes.starts();
    expect([first?.resumed, second?.resumed, second?.session === first?.session]).toEqual([false, false, false]);
    writeFileSync(path.join(files, 'go'), '');
    await eventually('it asks', async () => (await there('status', id, '--json')).stdout.includes('"answer"'));
    expect((await there('answer', id, 'a', 'this one\nFAKE verdict PASS')).code).toBe(0);
    expect(shortly(await team.ended(id, there))).toEqual(['succeeded', ['success', null]]);
    expect(fakes.starts().map(({ resumed }) => resumed)).toEqual([false, false, true]);
    expect(fakes.starts()[2]?.session).toBe(second?.session);
  });
});
