import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PipelinesOptions } from '../../../src/formats/index.js';
import { expandStep } from '../../../src/plan/templates/expand-step.js';
import type { Plan } from '../../../src/plan/model/plan.js';
import { REPO } from '../../support/cli.js';
import { command, errorsOf, FILE, one, plansOf, read, sub } from './support.js';

const FIXTURES = path.join(REPO, 'test/fixtures/pipelines');

async function checked(source: unknown, options: PipelinesOptions = {}): Promise<Plan> {
  return (await plansOf(source, options)).plan;
}

/** The environment that the first stage would have, but for what only a worker knows. */
async function environmentOf(source: unknown, options: PipelinesOptions = {}): Promise<Record<string, string>> {
  const plan = await checked(source, options);
  const inputs = Object.fromEntries(Object.entries(plan.inputs).map(([name, spec]) => [name, spec.default!]));
  return expandStep(plan, plan.steps[0]!, { inputs, env: {} }).env;
}

const pipeline = (id: string) => ({ id, stages: [command('a')] });

async function chosen(source: unknown, wanted?: string): Promise<string> {
  return (await checked(source, wanted === undefined ? {} : { pipeline: wanted })).plan_id;
}

describe('real files', () => {
  const all = readdirSync(FIXTURES).flatMap((file) => {
    const text = readFileSync(path.join(FIXTURES, file), 'utf8');
    const { pipelines } = JSON.parse(text) as { pipelines: { id: string }[] };
    return pipelines.map(({ id }) => [file, id, text] as const);
  });

  test('there are pipelines in three files', async () => {
    expect(all).toHaveLength(22);
  });

  test.each(all)('%s: %s becomes a valid plan, without a warning', async (_file, id, text) => {
    const { loaded, format } = await read(text, { pipeline: id, packageRoot: '/opt/co' });
    expect([format, loaded]).toMatchObject(['pipelines', { ok: true, value: { diagnostics: [], format } }]);
    expect(loaded.ok && loaded.value.plan).toMatchObject({ plan_id: id, globals: { cwd: '/repo' } });
  });
});

describe('which pipeline runs', () => {
  test('the one that is asked for, before the default of the file, before `diagnostics`, before the only one', async () => {
    const pipelines = [pipeline('a'), pipeline('diagnostics'), pipeline('b')];
    expect(await chosen({ pipelines, defaultPipeline: 'b' }, 'a')).toBe('a');
    expect(await chosen({ pipelines, defaultPipeline: 'b' })).toBe('b');
    expect(await chosen({ pipelines })).toBe('diagnostics');
    expect(await chosen({ pipelines: [pipeline('a')] })).toBe('a');
  });

  test('is asked for where several could be meant; a check takes any', async () => {
    const source = { pipelines: [pipeline('a'), pipeline('b')] };
    expect(await errorsOf(source)).toMatchObject([
      {
        code: 'unknown_pipeline',
        message: 'the file names no defaultPipeline',
        hint: "choose one with --pipeline: 'a', 'b'. The 'diagnostics' that codex-orchestrator brings along is not part of orch",
      },
    ]);
    expect((await read(source, { checkOnly: true })).loaded.ok).toBe(true);
  });

  test('an unknown one is refused, with the one that was probably meant', async () => {
    expect(await errorsOf(one(command('a')), { pipeline: 'q' })).toMatchObject([
      { message: "there is no pipeline 'q'", hint: "choose one with --pipeline: 'p'" },
    ]);
    expect(await errorsOf({ pipelines: [pipeline('deploy')] }, { pipeline: 'deplyo' })).toMatchObject([
      { hint: "did you mean 'deploy'?" },
    ]);
  });
});

describe('stages', () => {
  test('run one after the other, by the shell; the first failure stops; none has a limit of its own', async () => {
    const plan = await checked(one(command('a'), command('b'), command('c')));
    expect(
      plan.steps.map(({ id, name, depends_on, on_failure, timeout_sec, action }) => [
        id,
        name,
        depends_on,
        on_failure,
        timeout_sec,
        action,
      ]),
    ).toEqual([
      ['a', 'Run a', [], 'abort', 'none', { type: 'command', command: 'echo a', args: [], shell: true }],
      ['b', 'Run b', ['a'], 'abort', 'none', { type: 'command', command: 'echo b', args: [], shell: true }],
      ['c', 'Run c', ['b'], 'abort', 'none', { type: 'command', command: 'echo c', args: [], shell: true }],
    ]);
  });

  test('with allowFailure count as skipped where they fail, and the pipeline goes on', async () => {
    expect((await checked(one(command('a', { allowFailure: true })))).steps[0]!.on_failure).toBe('skip');
    expect((await checked(one(command('a', { allowFailure: false })))).steps[0]!.on_failure).toBe('abort');
  });

  test('are summed up, by their hint where they have one', async () => {
    const [a, b] = (await checked(one(command('a'), command('b', { summaryHint: 'kept in out/' })))).steps;
    expect([a!.summary, b!.summary]).toEqual([true, 'kept in out/']);
  });

  test('of a set stand in the place where it is named', async () => {
    const source = {
      ...one(command('a'), { kind: 'stage-set', ref: 'build' }, command('z')),
      stageSets: { build: [command('b'), command('c')], unused: [command('a')] },
    };
    expect((await checked(source)).steps.map(({ id, depends_on }) => [id, ...depends_on])).toEqual([
      ['a'],
      ['b', 'a'],
      ['c', 'b'],
      ['z', 'c'],
    ]);
  });

  test('with runnable: false run all the same; hints of planners are kept in the metadata', async () => {
    const plan = { runnable: false, aliases: ['x'], defaultTarget: true };
    const source = one(command('a', { plan, session: { id: 's', reuse: true } }));
    expect((await checked(source)).steps).toHaveLength(1);
    expect((await checked(source)).metadata).toMatchObject({
      pipeline: { id: 'p', title: 'P', stages: { a: { plan, session: { id: 's', reuse: true } } } },
    });
  });

  test('count their folders from that of the file', async () => {
    const plan = await checked(one(command('a'), command('b', { cwd: 'packages/$x' }), command('c', { cwd: '/tmp' })));
    const folders = plan.steps.map((step) => expandStep(plan, step, { inputs: {}, env: {} }).cwd);
    expect(folders).toEqual([['/repo'], ['/repo', 'packages/$x'], ['/repo', '/tmp']]);
  });
});

describe('sub-pipelines', () => {
  const source = {
    pipelines: [
      { id: 'p', stages: [sub('first', 'q'), sub('second', 'r', { optional: true })] },
      { id: 'q', stages: [sub('deep', 'r')] },
      { id: 'r', stages: [command('a')] },
      { id: 'unrelated', stages: [command('a')] },
    ],
    defaultPipeline: 'p',
  };

  test('are runs of their own, of plans that come along, each once, and no others', async () => {
    const { path: name, plans } = await plansOf(source);
    expect([name, Object.keys(plans)]).toEqual([FILE, [`${FILE}#q`, `${FILE}#r`]]);
  });

  test('optional ones count as skipped where they fail; others fail their pipeline', async () => {
    expect((await checked(source)).steps.map(({ on_failure }) => on_failure)).toEqual(['abort', 'skip']);
  });

  test('hear from the run above what it is for', async () => {
    expect((await checked(source)).steps[0]!.action).toMatchObject({ inputs: { task: '${{ inputs.task }}' } });
  });
});

describe('environment', () => {
  test('says task, pipeline and folders, by the names that commands know and by ours', async () => {
    expect(await environmentOf(one(command('a')), { task: 'T-1' })).toEqual({
      task: 'T-1',
      ...Object.fromEntries(
        ['ORCH', 'CODEX_ORCHESTRATOR'].flatMap((prefix) => [
          [`${prefix}_TASK_ID`, 'T-1'],
          [`${prefix}_PIPELINE_ID`, 'p'],
          [`${prefix}_REPO_ROOT`, '/repo'],
          [`${prefix}_OUT_DIR`, '/repo/out'],
          [`${prefix}_EXECUTION_MODE`, 'mcp'],
        ]),
      ),
    });
    expect((await checked(one(command('a')))).globals.env_aliases).toEqual({
      CODEX_ORCHESTRATOR_RUN_ID: 'ORCH_RUN_ID',
      CODEX_ORCHESTRATOR_RUN_DIR: 'ORCH_RUN_DIR',
      CODEX_ORCHESTRATOR_RUNS_DIR: 'ORCH_RUNS_DIR',
      CODEX_ORCHESTRATOR_MANIFEST_PATH: 'ORCH_MANIFEST',
    });
  });

  test.each([
    ['the flag', { task: 'f', env: { CODEX_ORCHESTRATOR_TASK_ID: 'e' } }, 'f'],
    ['the environment', { env: { CODEX_ORCHESTRATOR_TASK_ID: 'e', MCP_RUNNER_TASK_ID: 'm' } }, 'e'],
    ['its older name', { env: { MCP_RUNNER_TASK_ID: 'm', CODEX_ORCHESTRATOR_TASK_ID: '' } }, 'm'],
    ['nobody, so it is the pipeline', {}, 'p'],
  ])('the task is said by %s', async (_who, options, task) => {
    expect((await environmentOf(one(command('a')), options))['ORCH_TASK_ID']).toBe(task);
  });

  test('a stage sets over all of it; an empty string makes a variable empty', async () => {
    const env = await environmentOf(one(command('a', { env: { CODEX_ORCHESTRATOR_TASK_ID: '', X: '' } })));
    expect([env['CODEX_ORCHESTRATOR_TASK_ID'], env['X'], env['ORCH_TASK_ID']]).toEqual(['', '', 'p']);
  });

  test('takes along what commands mention, but for what is set anyway and what is secret', async () => {
    const line =
      'node "$PKG_ROOT/x" ${OTHER:-1} $CODEX_ORCHESTRATOR_RUN_ID $CODEX_ORCHESTRATOR_TASK_ID $GITHUB_TOKEN $1';
    expect((await checked(one(command('a', { command: line })))).globals.pass_env).toEqual(['PKG_ROOT', 'OTHER']);
  });

  test('no value is a template, whatever it holds', async () => {
    const texts = fc.oneof(
      fc.string(),
      fc.constantFrom('$', '${A}', '${{ run.id }}', '$$', '${', '${{ x', '$${{ a }}'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { maxLength: 4 }), async (parts) => {
        const value = parts.join('');
        expect((await environmentOf(one(command('a', { env: { V: value } }))))['V']).toBe(value);
      }),
    );
  });
});

describe('guardrails', () => {
  const guard = command('guard', { command: 'bash scripts/spec-guard.sh --dry-run' });
  test.each([
    ['a command that runs spec-guard', one(command('a'), guard), ['guard']],
    ['a stage that is called so', one(command('spec-guard', { command: 'node guard.js' })), ['spec-guard']],
    ['none', one(command('a')), []],
    [
      'the stage of a pipeline that has one below it',
      {
        pipelines: [
          { id: 'p', stages: [sub('below', 'q'), sub('no', 'r')] },
          { id: 'q', stages: [sub('x', 's')] },
          { id: 'r', stages: [command('a')] },
          { id: 's', stages: [guard] },
        ],
        defaultPipeline: 'p',
      },
      ['below'],
    ],
    ['nothing is said of them', { pipelines: [{ id: 'p', guardrailsRequired: false, stages: [guard] }] }, undefined],
  ])('%s', async (_what, source, expected) => {
    expect((await checked(source)).guardrails).toEqual(expected);
  });
});

test('null says the same as leaving an optional key out', async () => {
  const stage = command('a', { cwd: null, env: null, allowFailure: null, summaryHint: null, plan: null, mode: null });
  const source = {
    pipelines: [{ id: 'p', title: null, tags: null, metadata: null, stages: [stage] }],
    stageSets: null,
  };
  const { steps, metadata } = await checked(source);
  expect([steps[0]!.summary, steps[0]!.on_failure, metadata]).toEqual([
    true,
    'abort',
    { pipeline: { id: 'p', guardrails_required: true } },
  ]);
});

const stepsOf = async (source: unknown, options = {}): Promise<{ id: string; depends_on: readonly string[] }[]> =>
  (await plansOf(source, options)).plan.steps.map(({ id, depends_on }) => ({ id, depends_on }));

describe('what other tools let pass', () => {
  test('a set that stands there twice runs twice, under ids of its own', async () => {
    const set = { kind: 'stage-set', ref: 's' };
    const source = { ...one(set, command('mid'), set), stageSets: { s: [command('a'), command('b')] } };
    expect(await stepsOf(source)).toEqual([
      { id: 'a', depends_on: [] },
      { id: 'b', depends_on: ['a'] },
      { id: 'mid', depends_on: ['b'] },
      { id: 'a-2', depends_on: ['mid'] },
      { id: 'b-2', depends_on: ['a-2'] },
    ]);
  });

  test('ids that are no names of folders get one, each its own', async () => {
    const source = one(command('build:web'), command('build/web'), command('build-web'), command('@scope/pkg'));
    expect((await stepsOf(source)).map(({ id }) => id)).toEqual([
      'build-web-2',
      'build-web-3',
      'build-web',
      'scope-pkg',
    ]);
    const scoped = {
      pipelines: [
        { id: '@scope/pkg', stages: [sub('x', 'a:b')] },
        { id: 'a:b', stages: [command('y')] },
      ],
    };
    const { plan, plans } = await plansOf(scoped, { pipeline: '@scope/pkg' });
    expect([plan.plan_id, plan.globals.env['ORCH_PIPELINE_ID']]).toEqual(['scope-pkg', '@scope/pkg']);
    expect(Object.values(plans)).toEqual([expect.objectContaining({ plan_id: 'a-b' })]);
    expect((await plansOf(scoped, { pipeline: 'scope-pkg' })).plan.plan_id).toBe('scope-pkg');
  });

  test('an optional sub-pipeline that nobody has is skipped', async () => {
    const { plan } = await plansOf(one(sub('a', 'q', { optional: true }), command('b')));
    expect(plan.steps[0]).toMatchObject({ id: 'a', action: { type: 'noop' }, skip_if: ['true'] });
  });
});

describe('the folder of the tool that commands call by its name', () => {
  const call = command('x', { command: 'node "$CODEX_ORCHESTRATOR_PACKAGE_ROOT/dist/x.js"' });
  const name = 'CODEX_ORCHESTRATOR_PACKAGE_ROOT';

  test.each([
    ['as the starter has it', { env: { [name]: '/opt/co' }, packageRoot: '/repo/node_modules/co' }, '/opt/co'],
    ['as it is installed', { packageRoot: '/repo/node_modules/$co' }, '/repo/node_modules/$$co'],
  ])('is set %s', async (_how, options, expected) => {
    const { plan } = await plansOf(one(call), options);
    expect(plan.globals.env[name]).toBe(expected);
  });

  test('is asked for before anything runs, where a stage or one below it needs it', async () => {
    const source = {
      pipelines: [
        { id: 'p', stages: [sub('s', 'q')] },
        { id: 'q', stages: [call] },
        { id: 'r', stages: [command('y')] },
      ],
    };
    const missing = {
      code: 'missing_name',
      message: `stage 'x' needs ${name}, which is not set`,
      hint: `install @kbediako/codex-orchestrator beside the file, or set ${name} to its folder`,
      path: 'pipelines[1].stages[0].command',
    };
    expect(await errorsOf(source, { pipeline: 'p' })).toMatchObject([{ ...missing, severity: 'error' }]);
    expect(await errorsOf(source, { pipeline: 'p', checkOnly: true })).toMatchObject([
      { ...missing, severity: 'warning' },
    ]);
    expect(await errorsOf(source, { pipeline: 'r' })).toEqual([]);
    expect(await errorsOf(one({ ...call, env: { [name]: '/x' } }))).toEqual([]);
  });
});
