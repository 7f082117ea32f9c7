import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { REPO, callCli, startCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { fakeAgents, type AgentStart } from '../support/fake-agents.js';
import { OwnService } from '../support/own-service.js';
import { tempDir, uniqueId } from '../support/plans.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const FIXTURES = fileURLToPath(new URL('../fixtures/exec-manifest/', import.meta.url));
const REAL = {
  example: 'exec-manifest.example.yaml',
  intercore: '2026-07-14-intercore-schema-38-policy-gate.exec.yaml',
  remontoire: '2026-07-14-remontoire-exception-driven.exec.yaml',
  tldrs: '2026-07-23-tldrs-context-gateway-enforcement.exec.yaml',
} as const;

/** A manifest of these stages; hints tell fake agents what to do. */
function manifestOf(stages: readonly (readonly Task[])[], more = ''): string {
  const tasks = (stage: readonly Task[]): string[] => stage.map((task) => `      - ${JSON.stringify(task)}`);
  const lines = stages.flatMap((stage, place) => [`  - name: stage ${place + 1}`, '    tasks:', ...tasks(stage)]);
  return `version: 1\nmode: dependency-driven\n${more}stages:\n${lines.join('\n')}\n`;
}

interface Task {
  id: string;
  title: string;
  depends?: string[];
  files?: string[];
  tier?: string;
  prompt_hint?: string;
}
const task = (id: string, prompt_hint?: string, more: Partial<Task> = {}): Task => ({
  id,
  title: `Do ${id}`,
  ...(prompt_hint === undefined ? {} : { prompt_hint }),
  ...more,
});

const says = (id: string, hint: string, depends?: string[]): Task => task(id, hint, depends && { depends });

/** The last line of what a command printed. */
function total({ stdout }: CliResult): string {
  return stdout.trimEnd().split('\n').at(-1)!;
}

/** The dry run, without a service. */
interface DryRun {
  mode: string;
  max_parallelism: number;
  waves: string[][];
  stages: string[][];
  steps: { id: string; wave: number; stage: string; tier: string; files: string[]; depends: string[] }[];
}

describe('without a service', () => {
  const dir = tempDir();
  const orch = (...args: string[]): Promise<CliResult> => callCli(args, { cwd: dir });
  const write = (name: string, text: string): string => {
    writeFileSync(path.join(dir, name), text);
    return name;
  };

  test.each([
    ['example', '1 / 2+3 / 4', 2],
    ['remontoire', '1 / 2 / 3+4 / 5', 2],
    ['intercore', '1 / 2 / 3', 1],
    ['tldrs', '1 / 2 / 3 / 4 / 5 / 6 / 7', 1],
  ] as const)('the dry run of %s has the waves %s', async (name, waves, widest) => {
    const { code, stdout, stderr } = await orch('plan', path.join(FIXTURES, REAL[name]), '--json');
    const planned = JSON.parse(stdout) as DryRun;
    expect([code, stderr]).toEqual([0, '']);
    expect(planned.waves.map((wave) => wave.join('+')).join(' / ')).toBe(waves.replace(/\d/g, 'task-$&'));
    expect(planned.max_parallelism).toBe(widest);
    expect(planned.steps.map(({ id }) => id)).toEqual(planned.waves.flat());
  });

  test('the dry run shows stages, files, tiers and what tasks name that they need', async () => {
    const { stdout } = await orch('plan', path.join(FIXTURES, REAL.example));
    expect(stdout).toBe(`exec-manifest.example: 4 tasks in 3 waves, mode dependency-driven, max parallelism: 2
wave 1: 1 task [Foundation]
  task-1: Scaffold core types and interfaces
      files: pkg/types.go, pkg/interfaces.go  tier: deep
wave 2: 2 tasks [Implementation]
  task-2: Implement REST API handlers
      files: pkg/api/handler.go, pkg/api/routes.go  tier: deep
  task-3: Implement CLI commands
      files: cmd/cli/main.go, cmd/cli/commands.go  tier: deep
wave 3: 1 task [Implementation]
  task-4: Integration tests
      files: tests/integration_test.go  tier: fast  ← [task-2, task-3]
`);
  });

  test('a mode is given over the manifest’s own; what is left out is said', async () => {
    const file = write('mode.exec.yaml', manifestOf([[task('a'), task('b')], [task('c')]]));
    const planned = JSON.parse((await orch('plan', file, '--mode', 'all-parallel', '--json')).stdout) as DryRun;
    expect(planned).toMatchObject({ mode: 'all-parallel', max_parallelism: 3, waves: [['a', 'b', 'c']] });
    expect(planned.stages).toEqual([['stage 1', 'stage 2']]);
    expect((await orch('plan', file, '--skip', 'b')).stdout).toContain('  b: Do b  (not selected)\n');
  });

  test('a valid one is said to be so in the words that scripts look for', async () => {
    const file = write('valid.exec.yaml', manifestOf([[task('a', undefined, { files: ['x'] })], [task('b')]]));
    expect(await orch('validate', file)).toEqual({
      code: 0,
      stdout: 'valid.exec.yaml: valid (valid, 2 tasks)\nManifest valid: 2 tasks, 0 cycles, mode: dependency-driven\n',
      stderr: '',
    });
    expect((await orch('validate', file, '--mode', 'all-parallel')).stdout).toContain(
      'Manifest valid: 2 tasks, 0 cycles, mode: all-parallel\n',
    );
  });

  test('an invalid one is told with every place', async () => {
    const file = write(
      'invalid.exec.yaml',
      'version: 1\nmode: all-parallel\nstages:\n  - name: a\n    tasks:\n      - {id: x, title: X, depends_on: []}\n      - {id: y, title: Y, depends: [z]}\n',
    );
    expect(await orch('validate', file)).toEqual({
      code: 2,
      stdout: 'Manifest INVALID: 2 error(s)\n',
      stderr: `invalid.exec.yaml:6:27: error[unknown_key]: unknown key 'depends_on'
  6 |       - {id: x, title: X, depends_on: []}
    |                           ^^^^^^^^^^
  hint: did you mean 'depends'?

invalid.exec.yaml:7:37: error[unknown_dependency]: there is no task 'z'
  7 |       - {id: y, title: Y, depends: [z]}
    |                                     ^

2 errors
`,
    });
    for (const command of ['run', 'start', 'plan', 'graph', 'convert']) {
      expect(await orch(command, file)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(':7:37: ') as string,
      });
    }
  });

  test('the prose plan is told with its places, too', async () => {
    const file = write('prose.exec.yaml', manifestOf([[task('task-1')]]));
    write('prose.md', '# All\n\n## Task 1: A\n<verify>\n- run: `true`\n  expect: green\n</verify>\n\n## Task 1: B\n');
    const { code, stdout, stderr } = await orch('validate', file, '--plan', 'prose.md');
    expect([code, stdout]).toEqual([2, 'Manifest INVALID: 1 error(s)\n']);
    expect(stderr).toContain(
      'prose.md:6:3: warning[malformed_verify]: this expect is read as exit 0\n  6 |   expect: green\n',
    );
    expect(stderr).toContain('prose.md:9:1: error[duplicate_task_heading]: a second heading for task 1\n');
    expect(stderr).toContain('  prose.md:3:1: first used here\n');
  });

  test('options for manifests are refused for plans, and where they name nothing', async () => {
    const plan = write('plan.yaml', 'plan_id: p\nversion: "1.0"\nsteps: [{id: a, command: x}]\n');
    const manifest = write('options.exec.yaml', manifestOf([[task('a')]]));
    expect(await orch('run', plan, '--mode', 'all-parallel', '--no-review')).toEqual({
      code: 2,
      stdout: '',
      stderr: `error[usage]: --mode, --no-review: plan.yaml is a plan, where this has no effect
  hint: leave them out; what a plan does is defined in its file
`,
    });
    for (const [args, said] of [
      [['--plan', 'none.md'], '--plan none.md: there is no such file'],
      [['--plan', '.'], '--plan .: this is not a file'],
      [['--dispatch', 'none.sh'], '--dispatch none.sh: there is no such file'],
      [['--mode', 'fast'], "argument 'fast' is invalid"],
      [['--max-fix-rounds', '-1'], 'Give a whole number'],
      [['--answer-timeout', 'soon'], '--answer-timeout soon: not a valid duration'],
    ] as const) {
      const { code, stderr } = await orch('validate', manifest, ...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
    }
  });

  test('convert prints a plan that says the same', async () => {
    const manifest = path.join(FIXTURES, REAL.remontoire);
    for (const [out, args] of [
      ['plan.json', []],
      ['plan.yaml', ['--yaml']],
    ] as const) {
      const { stdout, code } = await orch('convert', manifest, ...args);
      expect(code).toBe(0);
      write(out, stdout);
      expect(await orch('plan', out)).toEqual(await orch('plan', manifest));
      expect((await orch('validate', out)).stdout).toContain(
        'Manifest valid: 5 tasks, 0 cycles, mode: dependency-driven\n',
      );
    }
    expect(await orch('convert', manifest, '--out', 'written.yml')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'wrote written.yml\n',
    });
    expect(readFileSync(path.join(dir, 'written.yml'), 'utf8')).toBe(readFileSync(path.join(dir, 'plan.yaml'), 'utf8'));
    expect(await orch('convert', manifest, '--out', 'written.yml')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('written.yml already exists\n  hint: use --force to overwrite\n'),
    });
    expect((await orch('convert', manifest, '--out', 'written.yml', '--force')).code).toBe(0);
    expect(await orch('convert', manifest, '--out', 'no/folder.json')).toMatchObject({ code: 2 });
  });

  test('every option has its place in the plan', async () => {
    const file = write('every.exec.yaml', manifestOf([[task('task-1', undefined, { tier: 'fast' })]]));
    mkdirSync(path.join(dir, 'app'), { recursive: true });
    mkdirSync(path.join(dir, 'docs'), { recursive: true });
    write('docs/every.md', '## Task 1: x\n<verify>\n- run: `make`\n</verify>\n');
    write('docs/every.criteria.md', 'It must be good.\n');
    write('dispatch.sh', 'true\n');
    const options =
      '--mode all-sequential --plan docs/every.md --project-dir app --review-engine claude --max-fix-rounds 1 --answer-timeout 90s --dispatch dispatch.sh';
    const { stdout } = await orch('convert', file, ...options.split(' '));
    const plan = JSON.parse(stdout) as { metadata: unknown; globals: unknown; steps: { step_def: unknown }[] };
    expect(plan).toMatchObject({
      metadata: { mode: 'all-sequential' },
      globals: {
        cwd: 'app',
        max_concurrency: 1,
        agents: {
          dispatch: { adapter: 'dispatch', command: '../dispatch.sh' },
          'dispatch-claude': { adapter: 'dispatch', command: '../dispatch.sh', args: ['--to', 'claude'] },
        },
      },
    });
    expect(plan.steps[0]!.step_def).toMatchObject({
      agent: 'dispatch',
      plan_file: '../docs/every.md',
      verify: [{ run: 'make', expect: 'exit 0' }],
      review: { agent: 'dispatch-claude', tier: 'fast', criteria_file: '../docs/every.criteria.md' },
      max_fix_rounds: 1,
      answer_timeout_sec: 90,
    });
  });

  test('docs/exec-manifests.md has examples that work, and every option', async () => {
    const text = readFileSync(path.join(REPO, 'docs/exec-manifests.md'), 'utf8');
    const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(text)![1]!;
    const file = write('doc.exec.yaml', block('yaml'));
    write('doc.md', block('markdown'));
    expect(await orch('validate', file, '--plan', 'doc.md', '--strict')).toMatchObject({ code: 0, stderr: '' });
    const plan = JSON.parse((await orch('convert', file, '--plan', 'doc.md')).stdout) as { steps: { id: string }[] };
    expect(plan.steps.find(({ id }) => id === 'task-2')).toMatchObject({
      step_def: { verify: [{}, { expect: 'contains "server 2."' }, { expect: 'exit 1' }] },
    });
    const { stdout } = await orch('run', '--help');
    const [, group = ''] = /^Options for execution manifests.*\n([^]*?)\n\n/m.exec(stdout) ?? [];
    const options = [...group.matchAll(/^ +(--[a-z-]+)/gm)].map((match) => match[1]);
    const told = [...text.matchAll(/^\| `(--[a-z-]+)[^`]*` \| [^|]+ \|$/gm)].map((match) => match[1]);
    expect(options.length).toBeGreaterThan(5);
    expect(told.slice(0, options.length)).toEqual(options);
  });

  test('the environment of the old tool is heard', async () => {
    const file = write('env.exec.yaml', manifestOf([[task('a')]]));
    const script = path.join(dir, 'env-dispatch.sh');
    writeFileSync(script, 'true\n');
    const env = { ORC_REVIEW_ENGINE: 'gemini', ORC_MAX_FIX_ROUNDS: '5', CLAVAIN_DISPATCH_SH: script };
    const { stdout } = await callCli(['convert', file, '--dispatch'], { cwd: dir, env });
    const plan = JSON.parse(stdout) as { globals: unknown; steps: { step_def: unknown }[] };
    expect(plan.globals).toMatchObject({ agents: { dispatch: { command: script } } });
    expect(plan.steps[0]!.step_def).toMatchObject({ review: { agent: 'gemini' }, max_fix_rounds: 5 });
    // The script's variable alone is enough.
    expect((await callCli(['convert', file], { cwd: dir, env })).stdout).toBe(stdout);
    const none = await callCli(['convert', file], { cwd: dir, env: { CLAVAIN_DISPATCH_SH: 'none.sh' } });
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('CLAVAIN_DISPATCH_SH=none.sh: there is no')]);
    const aside = write('aside.yaml', 'plan_id: a\nversion: "1.0"\nsteps: [{id: a, command: "true"}]\n');
    const other = await callCli(['validate', aside], { cwd: dir, env: { CLAVAIN_DISPATCH_SH: 'none.sh' } });
    expect([other.code, other.stderr]).toEqual([0, '']);
    const empty = path.join(dir, 'empty');
    mkdirSync(empty);
    const bare = await callCli(['validate', file, '--project-dir', empty, '--dispatch'], { cwd: dir });
    expect([bare.code, bare.stderr]).toEqual([2, expect.stringContaining('--dispatch: dispatch.sh was not found in ')]);
    const wrong = await callCli(['convert', file], { cwd: dir, env: { ORC_MAX_FIX_ROUNDS: 'many' } });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('ORC_MAX_FIX_ROUNDS=many') as string });
  });

  test('a plan may run one as a step', async () => {
    write('sub.exec.yaml', manifestOf([[task('a')], [task('b')]]));
    const plan = write(
      'above.yaml',
      'plan_id: above\nversion: "1.0"\nsteps:\n  - {id: s, step_def: {type: plan, plan: sub.exec.yaml}}\n',
    );
    expect((await orch('validate', plan)).stdout).toBe('above.yaml: valid (above, 1 step, 1 sub-plan)\n');
    expect((await orch('plan', plan)).stdout).toContain('run sub.exec.yaml (sub, 2 steps)');
    write('sub.exec.yaml', manifestOf([[task('a', undefined, { depends: ['x'] })]]));
    const { code, stderr } = await orch('validate', plan);
    expect(code).toBe(2);
    expect(stderr).toContain("sub.exec.yaml:6:45: error[unknown_dependency]: there is no task 'x'");
    expect(stderr).toContain("above.yaml:4:42: error[invalid_sub_plan]: the plan 'sub.exec.yaml' cannot be read");
  });
});

describe('with fake agents', () => {
  const own = new OwnService();
  beforeAll(() => own.up());
  afterEach(() => own.killLeftovers());
  afterAll(() => own.down('--stop-steps'));

  interface Rig {
    id: string;
    dir: string;
    starts: () => AgentStart[];
    orch: (...args: string[]) => Promise<CliResult>;
    run: (...args: string[]) => Promise<CliResult>;
  }

  /** A repository with a manifest in it. */
  function rig(prefix: string, manifest: string): Rig {
    const id = uniqueId(prefix);
    const dir = path.join(own.dir, id);
    mkdirSync(dir, { recursive: true });
    const fakes = fakeAgents(dir);
    const git = (...args: string[]): unknown =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: dir, stdio: 'pipe' });
    writeFileSync(path.join(dir, '.gitignore'), 'fake-agents\n');
    writeFileSync(path.join(dir, 'm.exec.yaml'), manifest);
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'begin');
    const env = { ORCH_STATE_DIR: own.state, PATH: fakes.PATH, FAKE_LOG: fakes.log };
    const orch = (...args: string[]): Promise<CliResult> => callCli(args, { cwd: dir, env });
    const run = (...args: string[]): Promise<CliResult> => {
      own.runs.push(id);
      return orch('run', 'm.exec.yaml', '--id', id, '--env', 'FAKE_LOG', ...args);
    };
    return { id, dir, starts: fakes.starts, orch, run };
  }

  test('the example runs to its end, each task after what it needs, and its prompt tells of that', async () => {
    const { run, starts, orch, id, dir } = rig('example', '');
    copyFileSync(path.join(FIXTURES, REAL.example), path.join(dir, 'm.exec.yaml'));
    const ended = await run('--no-review');
    expect([ended.code, total(ended)]).toEqual([
      0,
      'Total: 4  |  PASS: 4  WARN: 0  FAIL: 0  SKIPPED: 0  ESCALATED: 0  QUESTION: 0',
    ]);
    expect(ended.stdout).toContain(' 4 succeeded\n');
    expect(ended.stderr).toContain(`run ${id} (4 tasks)\n`);
    expect(ended.stdout + ended.stderr).not.toContain('_stage');
    const prompts = starts().map(({ prompt }) => prompt);
    const titles = prompts.map((prompt) => /^## Task: (.*)$/m.exec(prompt)?.[1]);
    expect(titles.at(0)).toBe('Scaffold core types and interfaces');
    expect(titles.at(-1)).toBe('Integration tests');
    expect(new Set(titles)).toHaveLength(4);
    expect(prompts.at(-1)).toMatch(/### task-1: Scaffold[^]*### task-2: Implement REST[^]*### task-3: Implement CLI/);
    const status = await orch('status', id);
    expect([status.code, total(status)]).toEqual([0, total(ended)]);
    expect(status.stdout).toContain('\n  Foundation\n  success  task-1');
  });

  test('all six ends are counted apart, and their sum is the number of tasks', async () => {
    const dir = tempDir();
    const manifest = manifestOf([
      [
        task('good'),
        task('so-so', 'FAKE verdict WARN look at it'),
        task('bad', 'FAKE verdict FAIL no way'),
        task('after-bad', undefined, { depends: ['bad'] }),
        task('asks', 'FAKE verdict QUESTION which one?'),
        task('never-7'),
      ],
      [task('later-1'), task('later-2')],
    ]);
    const { run, id, orch } = rig('ends', manifest);
    const prose = path.join(dir, 'p.md');
    writeFileSync(prose, '## Task 7: x\n<verify>\n- run: `false`\n</verify>\n');
    const ended = await run('--no-review', '--plan', prose, '--max-fix-rounds', '0', '--answer-timeout', '1s');
    const line = 'Total: 8  |  PASS: 1  WARN: 1  FAIL: 1  SKIPPED: 3  ESCALATED: 1  QUESTION: 1';
    expect([ended.code, total(ended)]).toEqual([1, line]);
    expect((await orch('watch', id)).code).toBe(1);
    expect(total(await orch('status', id))).toBe(line);
    const json = JSON.parse((await orch('status', id, '--json')).stdout) as { tasks: unknown };
    expect(json.tasks).toEqual({ total: 8, pass: 1, warn: 1, fail: 1, skipped: 3, escalated: 1, question: 1, open: 0 });
    expect(JSON.parse((await orch('watch', id, '--json')).stdout)).toMatchObject({ tasks: json.tasks });
  });

  test('a warning counts as completed', async () => {
    const { run } = rig('warn', manifestOf([[task('a', 'FAKE verdict WARN hm')], [task('b')]]));
    const ended = await run('--no-review');
    expect([ended.code, total(ended)]).toEqual([
      0,
      'Total: 2  |  PASS: 1  WARN: 1  FAIL: 0  SKIPPED: 0  ESCALATED: 0  QUESTION: 0',
    ]);
  });

  test('in all-parallel a failure skips nobody, and what was left is run again by rerun', async () => {
    const manifest = manifestOf([
      [task('a', 'FAKE until fixed\nFAKE verdict FAIL x')],
      [task('b', undefined, { depends: ['a'] })],
    ]);
    const { run, id, orch, starts, dir } = rig('parallel', manifest);
    const ended = await run('--no-review', '--mode', 'all-parallel');
    expect([ended.code, total(ended)]).toEqual([
      1,
      'Total: 2  |  PASS: 1  WARN: 0  FAIL: 1  SKIPPED: 0  ESCALATED: 0  QUESTION: 0',
    ]);
    writeFileSync(path.join(dir, 'fixed'), '');
    const again = await orch('rerun', id, '--failed', '--id', `${id}-again`);
    own.runs.push(`${id}-again`);
    expect([again.code, total(again)]).toEqual([
      0,
      'Total: 2  |  PASS: 2  WARN: 0  FAIL: 0  SKIPPED: 0  ESCALATED: 0  QUESTION: 0',
    ]);
    expect(starts()).toHaveLength(3);
  });

  test('a rerun takes the options of manifests, and its prompts tell what reused tasks said', async () => {
    const manifest = manifestOf([
      [task('a', 'FAKE say The port is 8042.')],
      [task('b', 'FAKE until fixed\nFAKE verdict FAIL not yet', { depends: ['a'] })],
    ]);
    const { run, id, orch, starts, dir } = rig('again', manifest);
    expect((await run('--no-review')).code).toBe(1);
    const again = (...args: string[]): Promise<CliResult> => orch('rerun', id, '--id', `${id}-again`, ...args);
    expect(await again('--review-engine', 'codex')).toEqual({
      code: 2,
      stdout: '',
      stderr: `error[usage]: --review-engine: without --plan the run keeps the plan that it had
  hint: name the file: --plan FILE
`,
    });
    writeFileSync(path.join(dir, 'fixed'), '');
    own.runs.push(`${id}-again`);
    const planned = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await again('--plan', 'm.exec.yaml', '--dry-run', '--json', ...args)).stdout);
    // A review is one more thing to do, also for what went well without one.
    expect(await planned()).toMatchObject({ reused: [], again: [{ step: 'a' }, { step: 'b' }] });
    const ended = await again('--plan', 'm.exec.yaml', '--mode', 'all-sequential', '--no-review');
    expect([ended.code, total(ended)]).toEqual([
      0,
      'Total: 2  |  PASS: 2  WARN: 0  FAIL: 0  SKIPPED: 0  ESCALATED: 0  QUESTION: 0',
    ]);
    expect(ended.stderr).toContain('reuse  a\nagain  b');
    const prompts = starts().map(({ prompt }) => prompt);
    expect(prompts).toHaveLength(3);
    expect(prompts[2]).toContain('### a: Do a\n\n**Status:** pass\n\nThe port is 8042.');
    const plan: unknown = JSON.parse(readFileSync(path.join(own.state, 'runs', `${id}-again`, 'plan.json'), 'utf8'));
    expect(plan).toMatchObject({ metadata: { mode: 'all-sequential' } });
  });

  test('checks and reviews are those of the prose plan, by the engine of the tier', async () => {
    const manifest = manifestOf([[task('task-1', 'FAKE write made.txt good', { tier: 'fast' })], [task('task-2')]]);
    const { run, dir, starts } = rig('review', manifest);
    mkdirSync(path.join(dir, 'docs'));
    writeFileSync(
      path.join(dir, 'docs', 'p.md'),
      '## Task 1: x\nThe file says good.\n<verify>\n- run: `cat made.txt`\n  expect: contains "good"\n</verify>\n## Task 2: y\nNothing.\n',
    );
    writeFileSync(path.join(dir, 'docs', 'p.criteria.md'), 'It must be terse.\n');
    const ended = await run('--plan', 'docs/p.md');
    expect([ended.code, total(ended)]).toEqual([
      0,
      'Total: 2  |  PASS: 2  WARN: 0  FAIL: 0  SKIPPED: 0  ESCALATED: 0  QUESTION: 0',
    ]);
    expect(starts().map(({ agent }) => agent)).toEqual(['codex', 'codex', 'codex', 'claude']);
    const [first, review] = starts();
    expect(first?.prompt).toContain('**Full plan:** docs/p.md');
    expect(review?.prompt).toContain('The file says good.');
    expect(review?.prompt).toContain('It must be terse.');
    expect(review?.prompt).toContain('+good');
  });

  test('a dispatch script does the tasks', async () => {
    const { run, dir } = rig('dispatch', manifestOf([[task('a'), task('b')]]));
    writeFileSync(
      path.join(dir, 'dispatch.sh'),
      [
        'while [ $# -gt 0 ]; do case $1 in -o) out=$2;; --tier) tier=$2;; --prompt-file) prompt=$2;; esac; shift; done',
        'grep "^## Task" "$prompt" >> dispatched.txt',
        'echo "done at $tier" > "$out"; echo "STATUS: pass" > "$out.verdict"',
      ].join('\n'),
    );
    const ended = await run('--no-review', '--dispatch', 'dispatch.sh');
    expect([ended.code, total(ended)]).toEqual([
      0,
      'Total: 2  |  PASS: 2  WARN: 0  FAIL: 0  SKIPPED: 0  ESCALATED: 0  QUESTION: 0',
    ]);
    const dispatched = readFileSync(path.join(dir, 'dispatched.txt'), 'utf8').trim().split('\n');
    expect(dispatched.toSorted()).toEqual(['## Task: Do a', '## Task: Do b']);
  });

  test('a dispatch script that knows few words makes no pass of a failure, and reviews by the other engine', async () => {
    const tasks = [
      says('good', 'SAY VERDICT: CLEAN'),
      says('fails', 'SAY VERDICT: FAIL it deletes the database'),
      says('after-fails', 'SAY VERDICT: CLEAN', ['fails']),
      says('asks', 'SAY VERDICT: QUESTION which port?'),
      says('bogus', 'SAY VERDICT: CLEAN\nSTATUS-OF bogus'),
      says('after-bogus', 'SAY VERDICT: CLEAN', ['bogus']),
      says('loud', 'SAY VERDICT: CLEAN\nSTATUS-OF PASS'),
    ];
    const { run, dir } = rig('words', manifestOf([tasks]));
    writeFileSync(
      path.join(dir, 'dispatch.sh'),
      `while [ $# -gt 0 ]; do case $1 in -o) out=$2;; --to) to=$2;; --prompt-file) prompt=$2;; esac; shift; done
sed -n 's/^SAY //p' "$prompt" > "$out"
if [ -n "$to" ]; then echo 'VERDICT: CLEAN' > "$out"; fi
echo "\${to:-itself} $(grep -m 1 '^## ' "$prompt") $(grep -c '^- .VERDICT: \\(CLEAN\\|NEEDS_ATTENTION\\)' "$prompt")" >> dispatched.txt
case $(grep -m 1 '^VERDICT:' "$out") in *NEEDS_ATTENTION*) status=warn;; '') status=warn;; *) status=pass;; esac
given=$(sed -n 's/^STATUS-OF //p' "$prompt")
echo "STATUS: \${given:-$status}" > "$out.verdict"
`,
    );
    const ended = await run('--dispatch', 'dispatch.sh', '--answer-timeout', '1s');
    expect([ended.code, total(ended)]).toEqual([
      1,
      'Total: 7  |  PASS: 1  WARN: 0  FAIL: 3  SKIPPED: 2  ESCALATED: 0  QUESTION: 1',
    ]);
    const dispatched = readFileSync(path.join(dir, 'dispatched.txt'), 'utf8').trim().split('\n');
    expect(dispatched.toSorted()).toEqual([
      'claude ## Review: Do good 2',
      ...['asks', 'bogus', 'fails', 'good', 'loud'].map((id) => `itself ## Task: Do ${id} 4`),
    ]);
    expect(ended.stderr + ended.stdout).toContain('it deletes the database');
    expect(ended.stderr + ended.stdout).toContain('unknown status in its verdict file: bogus');
  });

  test('a reviewer that is not installed is told before anything runs, with the other engine', async () => {
    const { run, dir, starts } = rig('missing', manifestOf([[task('a'), task('b')]]));
    const only = path.join(dir, 'only');
    mkdirSync(only);
    symlinkSync(path.join(dir, 'fake-agents', 'codex'), path.join(only, 'codex'));
    const PATH = [only, path.dirname(process.execPath), '/usr/bin', '/bin'].join(path.delimiter);
    const refused = await run('--env', `PATH=${PATH}`);
    expect([refused.code, starts()]).toEqual([2, []]);
    expect(refused.stderr).toContain(
      "error[agent_missing]: the reviewer 'claude' of 2 tasks is not installed: there is no program 'claude' on the PATH",
    );
    expect(refused.stderr).toContain(
      'use another reviewer: --review-engine codex; or turn the review off: --no-review',
    );
    const ended = await run('--env', `PATH=${PATH}`, '--review-engine', 'codex');
    expect([ended.code, starts().length]).toEqual([0, 4]);
  });

  test('the converted plan behaves as the manifest does, and at most max_parallel tasks run at a time', async () => {
    const tasks = ['a', 'b', 'c'].map((id) => task(id, `FAKE append begun ${id}\nFAKE wait go`, { files: [id] }));
    const { orch, dir, id } = rig('convert', manifestOf([tasks, [task('d'), task('e')]], 'max_parallel: 2\n'));
    expect((await orch('convert', 'm.exec.yaml', '--no-review', '-o', 'plan.json')).code).toBe(0);
    own.runs.push(id);
    const { ended } = startCli(['run', 'plan.json', '--id', id, '--env', 'FAKE_LOG='], {
      cwd: dir,
      env: { ORCH_STATE_DIR: own.state, PATH: fakeAgents(dir).PATH },
    });
    const begun = (): string[] =>
      existsSync(path.join(dir, 'begun')) ? readFileSync(path.join(dir, 'begun'), 'utf8').trim().split('\n') : [];
    await eventually('two have begun', async () => begun().length === 2);
    const status = await orch('status', id);
    expect(total(status)).toBe(
      'Total: 5  |  PASS: 0  WARN: 0  FAIL: 0  SKIPPED: 0  ESCALATED: 0  QUESTION: 0  OPEN: 5',
    );
    expect(begun().toSorted()).toEqual(['a', 'b']);
    writeFileSync(path.join(dir, 'go'), '');
    const result = await ended;
    expect([result.code, total(result)]).toEqual([
      0,
      'Total: 5  |  PASS: 5  WARN: 0  FAIL: 0  SKIPPED: 0  ESCALATED: 0  QUESTION: 0',
    ]);
    expect(result.stdout + result.stderr).not.toContain('_stage');
  });
});
