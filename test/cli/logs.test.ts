import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { BIN, runCli, sharedStateDir, startCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

vi.setConfig({ testTimeout: 120_000 }); // the command line is called often, and other files run beside

const dir = tempDir();
/** As JSON has it. */
const TIME = /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const orch = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: dir });
const stepFile = (run: string, ...names: string[]): string =>
  path.join(sharedStateDir(), 'runs', run, 'steps', ...names);

test('of all steps by lines, in order of their start; of one step as it is', async () => {
  const id = uniqueId('logs');
  const steps = [
    { id: 'first', command: `printf 'one\\ntwo'; echo oops >&2`, shell: true },
    {
      id: 'again',
      command: 'echo try $ORCH_ATTEMPT; test $ORCH_ATTEMPT = 2',
      shell: true,
      retries: 1,
      depends_on: ['first'],
    },
    {
      id: 'each',
      command: 'echo $I',
      env: { I: '${{ item }}' },
      shell: true,
      foreach: ['x', 'y'],
      depends_on: ['again'],
    },
    { id: 'silent', command: 'true' },
    { id: 'off', command: 'true', condition: 'false' },
  ];
  await orch('run', writePlan(dir, { steps }), '--id', id);
  expect(await orch('logs', id)).toEqual({
    code: 0,
    stdout: '[first] one\n[first] two\n[again] try 1\n[again #2] try 2\n[each[0]] x\n[each[1]] y\n',
    stderr: '[first] oops\n',
  });
  expect(await orch('logs', id, 'first')).toEqual({ code: 0, stdout: 'one\ntwo', stderr: 'oops\n' });
  expect(await orch('logs', id, 'first', '--stderr')).toEqual({ code: 0, stdout: '', stderr: 'oops\n' });
  expect(await orch('logs', id, 'first', '--stdout')).toEqual({ code: 0, stdout: 'one\ntwo', stderr: '' });
  expect(await orch('logs', id, 'silent')).toEqual({ code: 0, stdout: '', stderr: 'silent has printed nothing\n' });
  expect((await orch('logs', id, 'again')).stdout).toBe('try 2\n');
  expect((await orch('logs', id, 'again', '--attempt', '1')).stdout).toBe('try 1\n');
  expect((await orch('logs', id, 'each')).stdout).toBe('[each[0]] x\n[each[1]] y\n');
  expect((await orch('logs', id, 'each[1]')).stdout).toBe('y\n');
  expect((await orch('logs', id, 'again', '-f')).stdout).toBe('try 2\n');
  const json = await orch('logs', id, 'first', '--json');
  expect(
    json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { step: 'first', attempt: 1, stream: 'stdout', time: expect.stringMatching(TIME), line: 'one' },
    { step: 'first', attempt: 1, stream: 'stderr', time: expect.stringMatching(TIME), line: 'oops' },
    // A line whose end has not come waits for it.
    { step: 'first', attempt: 1, stream: 'stdout', time: expect.stringMatching(TIME), line: 'two' },
  ]);
  const refusals: [string[], string][] = [
    [['nowhere'], 'error[run_not_found]'],
    [[id, 'frist'], "did you mean 'first'?"],
    [[id, 'off'], `Step 'off' of '${id}' has no logs (skipped)`],
    [[id, 'again', '--attempt', '7'], 'error[attempt_not_found]'],
    [[id, 'again', '--attempt', '0'], 'error[usage]'],
    [[id, '--attempt', '1'], '--attempt needs a step'],
  ];
  for (const [args, message] of refusals) {
    expect(await orch('logs', ...args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  }
});

const gate = (name: string): string => `until [ -e ${name} ]; do sleep 0.05; done`;

test('both streams are one, in the order in which their lines came, with times', async () => {
  const id = uniqueId('order');
  const command = `echo one; ${gate('go-2')}; echo two >&2; ${gate('go-3')}; printf '\\033[31mthree\\n\\377'`;
  await orch('start', writePlan(dir, { steps: [{ id: 'a', command, shell: true }] }), '--id', id);
  const following = startCli(['logs', id, '-f', '--json'], { cwd: dir });
  const seen = (): string[] => following.output().trim().split('\n');
  await eventually('the first line is shown', () => seen().length === 1 && seen()[0] !== '');
  writeFileSync(path.join(dir, 'go-2'), '');
  await eventually('the second line is shown', () => seen().length === 2);
  writeFileSync(path.join(dir, 'go-3'), '');
  const lines = (await following.ended).stdout.trim().split('\n');
  const told = lines.map((line) => JSON.parse(line) as { line: string; stream: string; time: string });
  expect(told.map(({ stream, line }) => `${stream} ${line}`)).toEqual([
    'stdout one',
    'stderr two',
    'stdout \u001b[31mthree',
    'stdout \ufffd',
  ]);
  expect(told.map(({ time }) => time).toSorted()).toEqual(told.map(({ time }) => time));
  expect((await orch('logs', id, '--json')).stdout.trim().split('\n')).toEqual(lines);
  const times = told.map(({ time }) => time);
  // On one stream, as in a terminal.
  const one = (...args: string[]): Buffer =>
    execFileSync('sh', ['-c', `"$0" "$@" 2>&1`, process.execPath, BIN, 'logs', id, ...args], {
      env: { ...process.env, ORCH_STATE_DIR: sharedStateDir() },
    });
  expect(one('a').toString('latin1')).toBe('one\ntwo\n\u001b[31mthree\n\u00ff');
  expect(one('a', '--timestamps').toString('latin1')).toBe(
    `${times[0]} one\n${times[1]} two\n${times[2]} \u001b[31mthree\n${times[3]} \u00ff\n`,
  );
  expect(one('-t').toString()).toBe(
    `${times[0]} [a] one\n${times[1]} [a] two\n${times[2]} [a] three\n${times[3]} [a] \ufffd\n`,
  );
  // As an older orch has left it.
  rmSync(stepFile(id, 'a', '1', 'times.log'));
  expect(one('a', '-t', '--stdout').toString('latin1')).toBe('- one\n- \u001b[31mthree\n- \u00ff\n');
  expect((await orch('logs', id, '--json')).stdout.split('\n')[0]).toBe(
    '{"step":"a","attempt":1,"stream":"stdout","time":null,"line":"one"}',
  );
});

test('follows a step, and all steps, while they print in another process; ends with the step and with the run', async () => {
  const id = uniqueId('follow');
  const steps = [
    { id: 'a', command: `echo begun; ${gate('go-a')}; echo done`, shell: true },
    { id: 'b', command: `${gate('go-b')}; echo late`, shell: true, depends_on: ['a'] },
  ];
  await orch('start', writePlan(dir, { steps }), '--id', id);
  const one = startCli(['logs', id, 'a', '-f'], { cwd: dir });
  const all = startCli(['logs', id, '--follow'], { cwd: dir });
  await eventually(
    'both have shown the first line',
    () => one.output() === 'begun\n' && all.output() === '[a] begun\n',
  );
  writeFileSync(path.join(dir, 'go-a'), '');
  expect(await one.ended).toEqual({ code: 0, stdout: 'begun\ndone\n', stderr: '' });
  expect(all.child.exitCode).toBeNull();
  writeFileSync(path.join(dir, 'go-b'), '');
  expect(await all.ended).toEqual({ code: 0, stdout: '[a] begun\n[a] done\n[b] late\n', stderr: '' });
});

test('a large log is streamed: nothing is lost, and memory stays small', async () => {
  const id = uniqueId('large');
  await orch('run', writePlan(dir, { steps: [{ id: 'a', command: 'echo begin', shell: true }] }), '--id', id);
  const line = `${'x'.repeat(1023)}\n`;
  const file = stepFile(id, 'a', '1', 'stdout.log');
  const block = line.repeat(1024);
  for (let i = 0; i < 200; i += 1) appendFileSync(file, block);
  const out = path.join(dir, 'copy');
  // With a heap of 64 MB a log of 200 MB would not fit as a whole.
  execFileSync('sh', ['-c', `"$0" --max-old-space-size=64 "$1" logs "$2" a > "$3"`, process.execPath, BIN, id, out], {
    env: { ...process.env, ORCH_STATE_DIR: sharedStateDir() },
  });
  expect(readFileSync(out).equals(readFileSync(file))).toBe(true);
  // A reader that goes away is no error.
  execFileSync('sh', ['-c', `"$0" "$1" logs "$2" | head -1 > "$3"`, process.execPath, BIN, id, out], {
    env: { ...process.env, ORCH_STATE_DIR: sharedStateDir() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(readFileSync(out, 'utf8')).toBe('[a] begin\n');
});

test('works on files alone: no service, broken text, half a record', async () => {
  const state = tempDir();
  const steps = path.join(state, 'runs', 'r', 'steps');
  mkdirSync(path.join(steps, 'a', '1'), { recursive: true });
  writeFileSync(
    path.join(steps, 'a', '1', 'stdout.log'),
    Buffer.from([0x61, 0xff, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x62, 0x0d, 0x0a]),
  );
  const files = (...args: string[]): Promise<CliResult> =>
    runCli(['logs', ...args], { cwd: dir, env: { ORCH_STATE_DIR: state } });
  expect(await files('r')).toEqual({ code: 0, stdout: '[a] a\ufffdb\n', stderr: '' });
  expect(await files('r', 'b')).toMatchObject({ code: 2, stderr: expect.stringContaining('error[step_not_found]') });
  expect(await files('q')).toMatchObject({ code: 3, stderr: expect.stringContaining('error[service_unreachable]') });
  expect(existsSync(path.join(state, 'service', 'service.json'))).toBe(false);
});
