import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { callCli, runCli } from '../support/cli.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

const steps = [
  { id: 'fetch', command: 'git', args: ['fetch', '${REMOTE}'] },
  { id: 'build', name: 'Build "all" <it>', command: 'make && echo done', shell: true, depends_on: ['fetch'] },
  { id: 'lint', step_def: { type: 'shell', script: 'npm run lint\nnpm run format\n' }, depends_on: ['fetch'] },
  { id: 'done', step_def: { type: 'noop' }, depends_on: ['build', 'lint'] },
];
const inputs = { REMOTE: { type: 'string', default: 'origin' } };

test('validate: a valid plan is said to be one', async () => {
  const dir = tempDir();
  writePlan(dir, { inputs, steps });
  expect(await runCli(['validate', 'plan.json'], { cwd: dir })).toEqual({
    code: 0,
    stdout: 'plan.json: valid (test, 4 steps)\n',
    stderr: '',
  });
  const json = await runCli(['validate', 'plan.json', '--json'], { cwd: dir });
  expect(JSON.parse(json.stdout)).toEqual({ valid: true, diagnostics: [] });
});

test('validate: a folder stands for the plans in it, and GitHub is told where the problems are', async () => {
  const dir = tempDir();
  for (const folder of ['ci/deep', '.hidden', 'node_modules']) mkdirSync(path.join(dir, folder), { recursive: true });
  writePlan(path.join(dir, 'ci'), { steps });
  writeFileSync(path.join(dir, 'ci/deep/bad.yaml'), 'plan_id: bad\nsteps:\n  - id: a\n    comand: ls\n');
  writeFileSync(path.join(dir, 'ci/settings.yaml'), 'steps: many\n');
  writeFileSync(path.join(dir, '.hidden/plan.yaml'), 'plan_id: hidden\n');
  writeFileSync(path.join(dir, 'node_modules/plan.yaml'), 'plan_id: foreign\n');
  symlinkSync(dir, path.join(dir, 'ci/round'));

  const { code, stdout, stderr } = await runCli(['validate', '.', '--github'], { cwd: dir });
  expect([code, stdout]).toEqual([2, 'ci/plan.json: valid (test, 4 steps)\n2 plans, 1 invalid\n']);
  expect(stderr).toContain('::error file=ci/deep/bad.yaml,line=4,col=5,title=orch%3A unknown_key::');

  mkdirSync(path.join(dir, 'empty'));
  expect((await runCli(['validate', 'empty'], { cwd: dir })).stderr).toContain(
    'error[usage]: there is no plan in empty',
  );
});

test('plan: waves, what each step waits for, and what it would do', async () => {
  const dir = tempDir();
  writePlan(dir, { inputs, steps });
  expect(await runCli(['plan', 'plan.json', '--input', "REMOTE=my 'fork'"], { cwd: dir })).toEqual({
    code: 0,
    stderr: '',
    stdout: `test: 4 steps in 3 waves, up to 2 side by side
wave 1
  fetch    git fetch 'my '\\''fork'\\'''
wave 2
  build  after fetch  make && echo done
  lint   after fetch  npm run lint … (2 lines)
wave 3
  done  after build, lint  (nothing to do)
`,
  });
});

test('plan: the items of a list are side by side, too, and what all steps need is told once', async () => {
  const dir = tempDir();
  writePlan(dir, {
    globals: { max_concurrency: 7, secrets: { KEY: { file: 'key' } } },
    steps: [
      { id: 'a', command: 'true' },
      { id: 'each', command: 'true', foreach: ['x', 'y', 'z'], max_parallel: 2 },
      { id: 'last', command: 'true', depends_on: ['a', 'each'] },
    ],
  });
  const { stdout } = await callCli(['plan', 'plan.json'], { cwd: dir });
  expect(stdout).toContain(
    'test: 3 steps in 2 waves, up to 3 side by side\nsecret  KEY of every step: from the file key',
  );
});

test('plan: what decides whether a step runs, as far as it is known, what the run needs, and who is asked', async () => {
  const dir = tempDir();
  writePlan(dir, {
    inputs: { TAG: { default: 'v1' }, DEPLOY: { type: 'boolean', default: false } },
    globals: { locks: ['release ${TAG}'] },
    steps: [
      { id: 'build', command: 'make', fallback_step: 'slow', secrets: { KEY: { env: 'ORCH_NO_SUCH_KEY' } } },
      {
        id: 'slow',
        command: 'make',
        args: ['slow'],
        secrets: { KEY: { file: 'key' }, PIN: { command: ['pass', 'pin'] } },
      },
      { id: 'deploy', depends_on: ['build'], condition: 'inputs.DEPLOY', locks: ['cluster'], command: './deploy' },
      {
        id: 'notify',
        depends_on: ['deploy'],
        condition: "prev.build.outputs.size == '3'",
        skip_if: ["inputs.TAG == 'v1'", "prev.build.status == 'failed'"],
        command: './notify',
      },
      {
        id: 'ask',
        depends_on: ['build'],
        timeout_sec: 3600,
        step_def: { type: 'approval', message: 'Release?', approvers: ['ann', 'bob'], default: 'reject' },
      },
    ],
    finally: [{ id: 'tidy', command: 'rm', args: ['-rf', 'tmp'] }],
  });
  const planned = async (...args: string[]): Promise<string> =>
    (await callCli(['plan', 'plan.json', ...args], { cwd: dir })).stdout;
  const text = await planned();
  expect(text).toBe(`test: 6 steps in 4 waves, up to 3 side by side
lock    release v1, held from the first step to the last
secret  KEY of build: from the variable ORCH_NO_SUCH_KEY of the worker, not set in this shell
secret  KEY of slow: from the file key on the worker
secret  PIN of slow: printed by \`pass pin\` on the worker
wave 1
  build    make
wave 2
  slow    if build fails  make slow
  deploy  after build     ./deploy  (locks cluster)  (skipped, because this is false: inputs.DEPLOY)
  ask     after build     asks ann or bob: Release?  (no answer within 1h 00m: reject)
wave 3
  notify  after deploy  ./notify  (skipped: inputs.TAG == 'v1')
finally, however the run ends
  tidy    rm -rf tmp
`);
  const chosen = await planned('--input', 'DEPLOY=true', '--input', 'TAG=v2');
  expect(chosen).toContain('  deploy  after build     ./deploy  (locks cluster)\n');
  expect(chosen).toContain(
    "./notify  (unless prev.build.status == 'failed'; only if prev.build.outputs.size == '3')\n",
  );
  const { locks, secrets, steps: all } = JSON.parse(await planned('--json')) as Record<string, object[]>;
  expect([locks, secrets?.[0]]).toEqual([
    ['release v1'],
    { source: { env: 'ORCH_NO_SUCH_KEY' }, names: ['KEY'], steps: ['build'], set_here: false },
  ]);
  expect(all?.find((step) => 'id' in step && step.id === 'notify')).toMatchObject({
    condition: { text: "prev.build.outputs.size == '3'", value: null },
    skip_if: [
      { text: "inputs.TAG == 'v1'", value: true },
      { text: "prev.build.status == 'failed'", value: null },
    ],
    fallback_of: null,
    finally: false,
  });
});

test('plan --json: waves and steps as data', async () => {
  const dir = tempDir();
  writePlan(dir, { inputs, steps });
  const { stdout } = await runCli(['plan', 'plan.json', '--json'], { cwd: dir });
  expect(JSON.parse(stdout)).toMatchObject({
    plan_id: 'test',
    waves: [['fetch'], ['build', 'lint'], ['done']],
    max_parallelism: 2,
    steps: [
      { id: 'fetch', wave: 1, depends_on: [], command: 'git fetch origin', cwd: dir, timeout_sec: 1800 },
      { id: 'build', wave: 2, depends_on: ['fetch'] },
      { id: 'lint', wave: 2, command: 'npm run lint\nnpm run format' },
      { id: 'done', wave: 3, action: 'noop' },
    ],
  });
});

test('plan shows what a selection leaves out', async () => {
  const dir = tempDir();
  writePlan(dir, { inputs, steps });
  const left = async (...options: string[]): Promise<string[]> => {
    const { stdout } = await runCli(['plan', 'plan.json', '--json', ...options], { cwd: dir });
    const planned = JSON.parse(stdout) as { steps: { id: string; selected: boolean }[] };
    return planned.steps.filter((step) => step.selected).map((step) => step.id);
  };
  expect(await left('--only', 'build', 'lint')).toEqual(['build', 'lint']);
  expect(await left('--from', 'build')).toEqual(['build', 'done']);
  expect(await left('--to', 'build')).toEqual(['fetch', 'build']);
  expect(await left('--from', 'fetch', '--skip', 'lint')).toEqual(['fetch', 'build', 'done']);
  expect(await left('--from', 'build', '--to', 'lint')).toEqual([]);
  expect(await runCli(['plan', 'plan.json', '--only', 'biuld'], { cwd: dir })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("error[unknown_step]: --only biuld: the plan has no step 'biuld'"),
  });
});

test('graph: mermaid and dot, with names that would be syntax', async () => {
  const dir = tempDir();
  writePlan(dir, { inputs, steps });
  expect((await runCli(['graph', 'plan.json'], { cwd: dir })).stdout).toBe(`flowchart TD
  s0["fetch"]
  s1["build<br/>Build #quot;all#quot; #lt;it#gt;"]
  s2["lint"]
  s3["done"]
  s0 --> s1
  s0 --> s2
  s1 --> s3
  s2 --> s3
`);
  expect((await runCli(['graph', 'plan.json', '--format', 'dot'], { cwd: dir })).stdout).toBe(`digraph "test" {
  rankdir=TB;
  node [shape=box, style=rounded];
  "fetch" [label="fetch"];
  "build" [label="build\\nBuild \\"all\\" <it>"];
  "lint" [label="lint"];
  "done" [label="done"];
  "fetch" -> "build";
  "fetch" -> "lint";
  "build" -> "done";
  "lint" -> "done";
}
`);
});

test('plan and status order and label the steps as the plan says', async () => {
  const dir = tempDir();
  const grouped = [
    { id: 'unit', command: 'true', ui_hints: { group: 'Tests', weight: 2 }, tags: ['slow'] },
    { id: 'lint', command: 'true', ui_hints: { group: 'Tests', weight: 1 } },
    { id: 'free', command: 'true', locks: [uniqueId('disk')] },
  ];
  writePlan(dir, { steps: grouped });
  const planned = (await runCli(['plan', 'plan.json'], { cwd: dir })).stdout.split('\n');
  expect(planned.slice(2, 5)).toEqual([
    `  free    true  (locks ${grouped[2]!.locks![0]})`,
    '  lint    true  [Tests]',
    '  unit    true  [Tests, slow]',
  ]);
  const id = uniqueId('grouped');
  await runCli(['run', 'plan.json', '--id', id], { cwd: dir });
  const { stdout } = await runCli(['status', id]);
  expect(
    stdout
      .replaceAll(/\d+\.\ds/g, 'TIME')
      .split('\n')
      .slice(2),
  ).toEqual(['  success  free    TIME', '  Tests', '  success  lint    TIME', '  success  unit    TIME   [slow]', '']);
  const { steps: json } = JSON.parse((await runCli(['status', id, '--json'])).stdout) as { steps: object[] };
  expect(json[0]).toMatchObject({ id: 'unit', group: 'Tests', tags: ['slow'] });
});

test('every command has --help, and --json', async () => {
  const { stdout } = await runCli(['--help']);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*/gm)].map((match) => match[1]!);
  expect(commands.toSorted()).toEqual(
    'answer approve cancel completion convert doctor down explain export graph help init list locks logs loop open pause plan prune reject rerun resume retry run schedule schema skip start stats status ui up validate watch worker'.split(
      ' ',
    ),
  );
  // What these print is for programs anyway.
  const others = new Set(['help', 'completion', 'schema']);
  for (const command of commands.filter((name) => !others.has(name))) {
    // Of a group of commands one of them.
    const inGroup = { loop: ['status'], schedule: ['list'] }[command] ?? [];
    const help = await runCli([command, ...inGroup, '--help']);
    expect([command, help.code, help.stderr]).toEqual([command, 0, '']);
    expect(help.stdout).toContain('--json');
  }
});
