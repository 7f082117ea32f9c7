import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunJson } from '../../src/cli/render/run-json.js';
import type { Manifest } from '../../src/journal/index.js';
import { command, one, sub } from '../formats/pipelines/support.js';
import { REPO, callCli, sharedStateDir, startCli, type CliResult } from '../support/cli.js';
import { eventually, isAlive } from '../support/eventually.js';
import { tempDir, uniqueId } from '../support/plans.js';
import { stubCommands } from '../support/stub-commands.js';

let dir: string;
beforeEach(() => {
  dir = realpathSync(tempDir());
});
const orch = (...args: string[]): Promise<CliResult> => callCli(args, { cwd: dir });

/** Writes a file of pipelines into the folder of the test. */
function write(source: unknown, name = 'codex.orchestrator.json'): string {
  const file = path.join(dir, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof source === 'string' ? source : JSON.stringify(source, null, 2));
  return name;
}

/** Runs a file of pipelines to its end. */
async function run(
  source: unknown,
  ...options: string[]
): Promise<{ code: number | null; stderr: string; run: RunJson }> {
  const { code, stdout, stderr } = await orch('run', write(source), '--json', ...options);
  if (!stdout.startsWith('{')) throw new Error(stderr);
  return { code, stderr, run: JSON.parse(stdout) as RunJson };
}

const folderOf = (id: string): string => path.join(sharedStateDir(), 'runs', id);
const manifestOf = (id: string): Manifest =>
  JSON.parse(readFileSync(path.join(folderOf(id), 'manifest.json'), 'utf8')) as Manifest;
const printed = (id: string, step: string): string =>
  readFileSync(path.join(folderOf(id), 'steps', step, '1', 'stdout.log'), 'utf8').trimEnd();
const ends = ({ steps }: Pick<RunJson, 'steps'>): string[] =>
  steps.map(({ id, status, reason, exit_code }) =>
    [id, status, ...(reason === null ? [] : [reason]), ...(exit_code === null ? [] : [exit_code])].join(' '),
  );
const messages = ({ steps }: RunJson): Record<string, string | null> =>
  Object.fromEntries(steps.map(({ id, message }) => [id, message]));

describe('real files run, with their commands stubbed', () => {
  const fixtures = path.join(REPO, 'test/fixtures/pipelines');
  const all = readdirSync(fixtures).flatMap((file) => {
    const { pipelines } = JSON.parse(readFileSync(path.join(fixtures, file), 'utf8')) as {
      pipelines: { id: string }[];
    };
    return pipelines.map(({ id }) => ({ file, id }));
  });
  const results = new Map<string, Promise<{ result: CliResult; calls: { cwd: string; line: string }[] }>>();

  beforeAll(async () => {
    const root = realpathSync(tempDir());
    cpSync(fixtures, root, { recursive: true });
    const queue = [...all];
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { file, id } = next;
        const stubs = stubCommands(path.join(root, `bin-${file}-${id}`), ['npm', 'node', 'bash', 'sleep']);
        const env = { PATH: stubs.PATH, CODEX_ORCHESTRATOR_PACKAGE_ROOT: '/package' };
        const ended = callCli(['run', file, '--pipeline', id, '--json'], { cwd: root, env });
        const both = ended.then((result) => ({ result, calls: stubs.calls() }));
        results.set(`${file} ${id}`, both);
        await both.catch(() => undefined); // told by its own test
      }
    };
    await Promise.all([lane(), lane(), lane()]);
  }, 300_000);

  test.each(all)('$file: $id', async ({ file, id }) => {
    const { result, calls } = await results.get(`${file} ${id}`)!;
    const { status, steps } = JSON.parse(result.stdout) as RunJson;
    expect([result.code, status]).toEqual([0, 'succeeded']);
    expect(steps.every((step) => step.status === 'success')).toBe(true);
    expect(calls).toHaveLength(steps.length);
    for (const { line } of calls) expect(line).not.toContain('$');
  });

  test('a stage sees the variables of the starter that its command mentions', async () => {
    const { calls } = await results.get('codex.orchestrator.HEAD-2e783bdd4.json rlm')!;
    expect(calls.at(-1)?.line).toBe('node /package/dist/orchestrator/src/cli/rlmRunner.js');
  });
});

describe('stages', () => {
  test('run one after the other, by the shell; the first failure stops, and later stages do not run', async () => {
    const { code, run: ended } = await run(
      one(
        command('a', { command: 'echo a >> ran && echo "$(cat ran)"' }),
        command('b', { command: 'echo b >> ran; echo why >&2; exit 3' }),
        command('c', { command: 'echo c >> ran' }),
      ),
    );
    expect([code, ended.status, ends(ended)]).toEqual([
      1,
      'failed',
      ['a success 0', 'b failed exit_non_zero 3', 'c canceled aborted'],
    ]);
    expect(readFileSync(path.join(dir, 'ran'), 'utf8')).toBe('a\nb\n');
  });

  test('with allowFailure that fail are shown as skipped with their exit code; the run goes on and succeeds', async () => {
    const { code, run: ended } = await run(
      one(command('a', { command: 'echo no >&2; exit 7', allowFailure: true }), command('b')),
    );
    expect([code, ended.status, ended.warnings, ends(ended)]).toEqual([
      0,
      'succeeded',
      0,
      ['a skipped failure_allowed 7', 'b success 0'],
    ]);
    expect(messages(ended)).toEqual({ a: 'Exited with code 7 — no', b: 'b' });
    const [failed] = manifestOf(ended.run_id).steps;
    expect(failed).toMatchObject({ status: 'skipped', exit_code: 7, attempts: [{ status: 'failed', exit_code: 7 }] });
  });

  test('are summed up: hint, signal, exit code with stderr, stdout, stderr, or that they completed', async () => {
    const fails = { allowFailure: true };
    const { run: ended } = await run(
      one(
        command('hint', { command: 'echo out; exit 1', summaryHint: 'see out/', ...fails }),
        command('signal', { command: 'echo out; kill -TERM $$', ...fails }),
        command('code', { command: 'echo out; echo err >&2; exit 2', ...fails }),
        command('out', { command: 'echo out; echo err >&2' }),
        command('err', { command: 'echo err >&2' }),
        command('nothing', { command: 'true' }),
        command('long', { command: 'printf %0500d 7' }),
      ),
    );
    expect(messages(ended)).toEqual({
      hint: 'see out/',
      signal: 'Terminated with signal SIGTERM',
      code: 'Exited with code 2 — err',
      out: 'out',
      err: 'err',
      nothing: 'Command completed with code 0',
      long: `…${'0'.repeat(238)}7`,
    });
    expect(ended.steps.find(({ id }) => id === 'signal')?.exit_code).toBe(128);
  });

  test('have no shell state in common; a session says nothing else', async () => {
    const session = { id: 's', reuse: true, persist: true };
    const { run: ended } = await run(
      one(
        command('a', { command: 'cd / && export LEFT=1', session }),
        command('b', { command: 'echo "$(pwd) [$LEFT]"', session }),
      ),
    );
    expect(printed(ended.run_id, 'b')).toBe(`${dir} []`);
  });

  test('in a folder that is not there fail without an exit code, and say so', async () => {
    const { run: ended } = await run(one(command('a', { cwd: 'nowhere' })));
    expect(ends(ended)).toEqual(['a failed spawn_failed']);
    expect(messages(ended)['a']).toContain(path.join(dir, 'nowhere'));
  });

  test('find their run, task, pipeline and folders, and what they set lies above', async () => {
    const names = ['TASK_ID', 'RUN_ID', 'PIPELINE_ID', 'MANIFEST_PATH', 'RUN_DIR', 'RUNS_DIR', 'OUT_DIR', 'REPO_ROOT'];
    const line = names.map((name) => `$CODEX_ORCHESTRATOR_${name}`).join('\n');
    const source = one(
      command('a', { command: `echo "${line}"` }),
      command('b', {
        command: 'echo "$CODEX_ORCHESTRATOR_RUN_DIR|$CODEX_ORCHESTRATOR_TASK_ID|${E-unset}|$ORCH_TASK_ID"',
        env: { CODEX_ORCHESTRATOR_RUN_DIR: '', CODEX_ORCHESTRATOR_TASK_ID: '', E: '' },
      }),
    );
    write(source, 'repo/codex.orchestrator.json');
    const { stdout } = await orch('run', 'repo/codex.orchestrator.json', '--task', 'T-1', '--json');
    const { run_id: id } = JSON.parse(stdout) as RunJson;
    const root = path.join(dir, 'repo');
    expect(printed(id, 'a').split('\n')).toEqual([
      'T-1',
      id,
      'p',
      path.join(folderOf(id), 'manifest.json'),
      folderOf(id),
      path.join(sharedStateDir(), 'runs'),
      path.join(root, 'out'),
      root,
    ]);
    expect(printed(id, 'b')).toBe('|||T-1');
    expect(existsSync(path.join(folderOf(id), 'manifest.json'))).toBe(true);
  });
});

const nested = (optional: boolean, inner: string) => ({
  pipelines: [
    { id: 'p', stages: [sub('below', 'q', { optional }), command('after')] },
    { id: 'q', stages: [command('x', { command: inner })] },
  ],
  defaultPipeline: 'p',
});

describe('sub-pipelines', () => {
  test('are runs of their own, with a record that names the run above, and hear of its task', async () => {
    const inner = 'echo "$CODEX_ORCHESTRATOR_TASK_ID $CODEX_ORCHESTRATOR_PIPELINE_ID $CODEX_ORCHESTRATOR_RUN_ID"';
    const { run: ended } = await run(nested(false, inner), '--task', 'T-2');
    const child = `${ended.run_id}.below`;
    expect(ends(ended)).toEqual(['below success', 'after success 0']);
    expect(printed(child, 'x')).toBe(`T-2 q ${child}`);
    expect(manifestOf(child)).toMatchObject({ plan_id: 'q', parent_run_id: ended.run_id, status: 'succeeded' });
    expect(manifestOf(ended.run_id).steps[0]).toMatchObject({ child_run_id: child });
  });

  test('that are optional and fail count as skipped; the child keeps its true status, and the parent succeeds', async () => {
    const { code, run: ended } = await run(nested(true, 'exit 3'));
    expect([code, ended.status, ends(ended)]).toEqual([
      0,
      'succeeded',
      ['below skipped failure_allowed', 'after success 0'],
    ]);
    expect(manifestOf(`${ended.run_id}.below`).status).toBe('failed');
  });

  test('that are not optional and fail, fail their parent', async () => {
    const { code, run: ended } = await run(nested(false, 'exit 3'));
    expect([code, ends(ended)]).toEqual([1, ['below failed sub_plan_failed', 'after canceled aborted']]);
  });

  test('three levels deep, canceled in the middle: nothing of them lives on, and the record of every level says so', async () => {
    const levels = ['one', 'two', 'three'];
    const id = uniqueId('nested');
    const file = write({
      pipelines: [
        ...levels.map((level, n) => ({
          id: level,
          stages: [
            command(`before-${n}`, { command: 'true' }),
            sub('below', levels[n + 1] ?? 'last'),
            command('never'),
          ],
        })),
        { id: 'last', stages: [command('long', { command: 'sleep 300 & echo $! $$ > pids; wait' }), command('never')] },
      ],
      defaultPipeline: 'one',
    });
    const cli = startCli(['run', file, '--id', id], { cwd: dir });
    const pids = await eventually('the deepest stage runs', () => {
      const file = path.join(dir, 'pids');
      const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
      return text.endsWith('\n') && text.trim().split(' ').map(Number);
    });
    expect((await orch('cancel', id)).code).toBe(0);
    expect((await cli.ended).code).toBe(4);
    await eventually('nothing of it runs', async () => !(await Promise.all(pids.map(isAlive))).some(Boolean));
    const ids = [id, `${id}.below`, `${id}.below.below`, `${id}.below.below.below`];
    for (const each of ids) {
      const manifest = await eventually(`${each} is sealed`, () => {
        const found = manifestOf(each);
        return found.finished_at !== null && found;
      });
      expect([each, manifest.status]).toEqual([each, 'canceled']);
      expect(manifest.steps.map(({ status }) => status).slice(-2)).toEqual(['canceled', 'canceled']);
      expect(manifest.parent_run_id).toBe(each === id ? null : each.slice(0, -'.below'.length));
    }
  });
});

describe('guardrails', () => {
  const guard = command('guard', { command: ': spec-guard; exit "${CODE:-0}"', allowFailure: true });
  test.each([
    ['that went well are no word worth', one(guard), [], undefined],
    [
      'that failed are told, even where that is allowed',
      one(guard),
      ['--env', 'CODE=1'],
      ["The guardrail 'guard' failed: see its log, fix what it reports and run it again"],
    ],
    [
      'that did not run are told',
      one(command('a', { command: 'exit 1' }), guard),
      [],
      ["The guardrail 'guard' did not run: run it before the result is used"],
    ],
    [
      'that are missing are told',
      one(command('a')),
      [],
      ['No step guards this plan: add one that checks its result, such as spec-guard'],
    ],
  ])('%s', async (_what, source, options, expected) => {
    const { run: ended } = await run(source, ...options);
    expect(ended.recommendations).toEqual(expected);
    const lines = (expected ?? []).map((each) => `  recommended  ${each}\n`).join('');
    expect((await orch('status', ended.run_id)).stdout.replace(/^(?! {2}recommended).*\n/gm, '')).toBe(lines);
    expect(JSON.parse((await orch('status', ended.run_id, '--json')).stdout)).toMatchObject(
      expected === undefined ? {} : { recommendations: expected },
    );
  });
});

describe('the commands', () => {
  const source = {
    pipelines: [
      { id: 'a', stages: [command('x')] },
      { id: 'b', stages: [command('y')] },
    ],
  };

  test('validate says where a file is wrong, with the line as it is written', async () => {
    const file = write('{ // ours\n  "pipelines": [{"id": "p", "stages": [{"kind": "comand", "id": "a"}]}]\n}\n');
    expect(await orch('validate', file)).toEqual({
      code: 2,
      stdout: '',
      stderr: `codex.orchestrator.json:2:49: error[invalid_value]: 'kind' must be one of command, subpipeline, stage-set, not 'comand'
  2 |   "pipelines": [{"id": "p", "stages": [{"kind": "comand", "id": "a"}]}]
    |                                                 ^^^^^^^^
  hint: did you mean 'command'?

1 error
`,
    });
  });

  test('plan shows the pipeline that is asked for; without a default, run asks which', async () => {
    const file = write(source);
    expect((await orch('plan', file, '--pipeline', 'b')).stdout).toContain('b: 1 step in 1 wave');
    expect((await orch('graph', file, '--pipeline', 'b')).stdout).toContain('y');
    expect((await orch('validate', file)).code).toBe(0);
    const { code, stderr } = await orch('run', file);
    expect([code, stderr]).toEqual([2, expect.stringContaining("hint: choose one with --pipeline: 'a', 'b'")]);
  });

  test('the execution mode goes from the flag to the stages, and the environment stays as it is', async () => {
    const line = 'echo "$ORCH_EXECUTION_MODE $CODEX_ORCHESTRATOR_EXECUTION_MODE"';
    const file = one(command('a', { command: line }), command('b', { command: line, plan: { requiresCloud: true } }));
    const modes = async (...options: string[]): Promise<string[]> => {
      const { run: ended } = await run(file, ...options);
      return ['a', 'b'].map((id) => printed(ended.run_id, id));
    };
    expect(await modes()).toEqual(['mcp mcp', 'cloud cloud']);
    expect(await modes('--cloud')).toEqual(['cloud cloud', 'cloud cloud']);
    expect(await modes('--execution-mode', 'MCP')).toEqual(['mcp mcp', 'mcp mcp']);
    expect((await orch('run', write(file), '--execution-mode', 'moon')).stderr).toBe(
      "error[usage]: --execution-mode: 'moon' is not an execution mode\n  hint: write mcp or cloud; true, yes and 1 mean cloud, false, no and 0 mean mcp\n",
    );
    const env = { CODEX_ORCHESTRATOR_EXECUTION_MODE: 'moon' };
    expect((await callCli(['plan', write(file)], { cwd: dir, env })).stderr).toContain(
      "CODEX_ORCHESTRATOR_EXECUTION_MODE: 'moon' is not an execution mode",
    );
  });

  test('flags of pipelines mean nothing for a plan, and are refused there', async () => {
    write('plan_id: a\nversion: "1.0"\nsteps:\n  - {id: a, command: "true"}\n', 'plan.yaml');
    for (const flag of [['--pipeline', 'p'], ['--task', 'T'], ['--cloud'], ['--execution-mode', 'mcp']]) {
      const { code, stderr } = await orch('validate', 'plan.yaml', ...flag);
      expect([code, stderr]).toEqual([
        2,
        `error[usage]: ${flag[0]}: plan.yaml is a plan, where this has no effect\n  hint: leave it out; what a plan does is defined in its file\n`,
      ]);
    }
  });
});

const stages = (...ids: string[]) =>
  ids.map((id) => command(id, { command: `echo ${id} >> ran; test "${id}" != bad || test -e mended` }));
const ran = (): string[] => {
  const lines = readFileSync(path.join(dir, 'ran'), 'utf8').trim().split('\n');
  writeFileSync(path.join(dir, 'ran'), '');
  return lines;
};

describe('resume is by snapshot', () => {
  const soft = command('soft', { command: 'echo soft >> ran; exit 1', allowFailure: true });

  test('a failed run goes on where it was, with the file as it was; what was allowed to fail is not done again', async () => {
    const { run: first } = await run(one(...stages('a'), soft, ...stages('bad', 'z')));
    expect(ran()).toEqual(['a', 'soft', 'bad']);
    write(one(command('other')));
    writeFileSync(path.join(dir, 'mended'), '');
    const { code, stdout } = await orch('rerun', first.run_id, '--json');
    const again = JSON.parse(stdout) as RunJson;
    expect([code, ran(), ends(again)]).toEqual([
      0,
      ['bad', 'z'],
      ['a success reused 0', 'soft skipped reused 1', 'bad success 0', 'z success 0'],
    ]);
    expect(messages(again)).toMatchObject({ a: `from ${first.run_id}`, soft: `from ${first.run_id}` });
  });

  test('with another file, a stage that was inserted at the front never mis-attributes: stages are matched by id', async () => {
    const { run: first } = await run(one(...stages('a', 'b', 'bad')));
    ran();
    const file = write(one(...stages('new', 'a', 'b', 'bad')));
    const { stdout, stderr } = await orch('rerun', first.run_id, '--plan', file, '--dry-run', '--json');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      reused: [],
      again: [
        { step: 'new', why: 'it is new' },
        { step: 'a', why: 'its definition or its inputs have changed' },
        { step: 'b', why: "it comes after 'a'" },
        { step: 'bad', why: 'it failed (exit_non_zero)' },
      ],
      left_out: [],
    });
  });

  test('with another file, what is changed and all after it runs again, the rest is taken over', async () => {
    const source = {
      pipelines: [
        { id: 'x', stages: stages('a', 'b', 'c') },
        { id: 'other', stages: stages('q') },
      ],
    };
    const { run: first } = await run(source, '--pipeline', 'x');
    ran();
    source.pipelines[0]!.stages[1] = command('b', { command: 'echo B >> ran' });
    const file = write(source);
    const { code, stderr } = await orch('rerun', first.run_id, '--plan', file);
    expect(stderr).toContain(
      "reuse  a\nagain  b  its definition or its inputs have changed\nagain  c  it comes after 'b'\n",
    );
    expect([code, ran()]).toEqual([0, ['B', 'c']]);
  });
});
