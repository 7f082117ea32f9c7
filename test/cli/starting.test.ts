import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { callCli, REPO, runCli } from '../support/cli.js';
import { tempDir } from '../support/plans.js';

const plan = (steps: string): string => `plan_id: piped\nsteps:\n${steps}`;
const say = `command: 'echo "$GREETING, $WHO"', shell: true`;
const greets = plan(`  - {id: greet, ${say}}\n`);

test('a plan called - is read from stdin, and its problems are placed there', async () => {
  expect(await runCli(['validate', '-'], { input: greets })).toEqual({
    code: 0,
    stdout: '<stdin>: valid (piped, 1 step)\n',
    stderr: '',
  });
  const wrong = await callCli(['run', '-'], { input: plan('  - {id: a, comand: "true"}\n') });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('<stdin>:3:13: error[unknown_key]');
  expect(await callCli(['plan', '-'], { input: '' })).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error[usage]: there is nothing on stdin\n  hint: pipe a plan into it: `orch run - < plan.yaml`\n',
  });
});

test('a plan from stdin runs in the current folder, with the variables of --env-file, and those of --env over them', async () => {
  const dir = tempDir();
  writeFileSync(path.join(dir, 'sub.yaml'), greets);
  writeFileSync(path.join(dir, '.env'), '# who\nexport WHO="the\nworld"\nGREETING=hello # a comment\n');
  writeFileSync(path.join(dir, 'over.env'), 'GREETING=good morning\n');
  const input = plan(
    '  - {id: sub, step_def: {type: plan, plan: sub.yaml}}\n  - {id: own, depends_on: sub, ' + say + '}\n',
  );
  const options = ['--env-file', '.env', '--env-file', 'over.env', '--env', 'WHO=you', '--json'];
  const ran = await callCli(['run', '-', ...options], { cwd: dir, input });
  const { run_id } = JSON.parse(ran.stdout) as { run_id: string };
  expect([ran.code, (await callCli(['logs', run_id, 'own'], { cwd: dir })).stdout]).toEqual([0, 'good morning, you\n']);
  const quoted = await callCli(['run', 'sub.yaml', '--env-file', '.env', '--json'], { cwd: dir });
  const quotedId = (JSON.parse(quoted.stdout) as { run_id: string }).run_id;
  expect((await callCli(['logs', quotedId, 'greet'])).stdout).toBe('hello, the\nworld\n');
});

test.each([
  ['A=1\nnothing\n', '--env-file .env:2: NAME=VALUE is expected here'],
  ['\n1A=2\n', '--env-file .env:2: NAME=VALUE is expected here'],
  ['A="x\nB=2\n', '--env-file .env:1: the quotation mark " is not closed'],
  [undefined, '--env-file .env: the file was not found'],
])('a file of variables that cannot be meant is refused: %j', async (text, message) => {
  const cwd = tempDir();
  if (text !== undefined) writeFileSync(path.join(cwd, '.env'), text);
  const { code, stderr } = await callCli(['run', '-', '--env-file', '.env'], { cwd, input: greets });
  expect([code, stderr.split('\n')[0]]).toEqual([2, `error[usage]: ${message}`]);
});

test('orch init writes plans that run, with the schema that an editor checks them by, and overwrites nothing', async () => {
  const cwd = tempDir();
  const orch = (...args: string[]) => callCli(args, { cwd });
  mkdirSync(path.join(cwd, 'ci'));
  expect((await orch('init', 'ci/checks.yaml')).stderr).toBe(
    'wrote ci/checks.yaml, and ci/.orch/plan.schema.json for your editor\n' +
      'next: put your commands into it, look at it with `orch plan ci/checks.yaml`, then `orch run ci/checks.yaml`\n',
  );
  const text = readFileSync(path.join(cwd, 'ci/checks.yaml'), 'utf8');
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=.orch/plan.schema.json');
  expect(text).toContain('orch run ci/checks.yaml');
  const schema = readFileSync(path.join(cwd, 'ci/.orch/plan.schema.json'), 'utf8');
  expect(schema).toBe((await orch('schema')).stdout);
  expect(schema).toBe(readFileSync((await orch('schema', 'plan', '--path')).stdout.trim(), 'utf8'));
  expect(await orch('init', 'ci/checks.yaml')).toMatchObject({
    code: 2,
    stderr: 'error[usage]: ci/checks.yaml already exists\n  hint: give another name, or --force to overwrite it\n',
  });
  expect((await orch('init', 'ci/checks.yaml', '--force')).code).toBe(0);
  for (const template of ['nightly', 'agents']) expect((await orch('init', '--template', template)).code).toBe(0);
  const files = ['ci/checks.yaml', 'nightly.yaml', 'agents.yaml'];
  expect((await orch('validate', '--strict', ...files)).code).toBe(0);
  for (const file of files.slice(0, 2)) expect((await orch('run', file)).code).toBe(0);
});

test('every schema can be printed, and names that are none are refused', async () => {
  const names = ['plan', 'diagnostics', 'events', 'exec-manifest', 'manifest', 'orchestration', 'pipelines', 'run'];
  for (const name of names) {
    const { stdout } = await callCli(['schema', name]);
    expect(stdout).toBe(readFileSync(path.join(REPO, 'schemas', `${name}.schema.json`), 'utf8'));
  }
  expect((await callCli(['schema', 'plans'])).code).toBe(2);
});

test("orch open prints where a run's page is, and hands it to the browser that BROWSER names", async () => {
  const cwd = tempDir();
  const { stdout } = await callCli(['start', '-'], { cwd, input: greets });
  const opened = path.join(cwd, 'opened');
  const browser = path.join(cwd, 'browser');
  writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1" > ${opened}.part && mv ${opened}.part ${opened}\n`, {
    mode: 0o755,
  });
  const printed = await callCli(['open', stdout.trim(), '--print']);
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  expect(printed.stdout).toMatch(/^http:\/\/\S+\/(r|workflows)\/\S+\n$/);
  const shown = await callCli(['open', stdout.trim()], { env: { BROWSER: browser } });
  expect(shown.code).toBe(0);
  await expect.poll(() => existsSync(opened), { timeout: 10_000 }).toBe(true);
  expect(`${readFileSync(opened, 'utf8')}\n`).toBe(printed.stdout);
});
