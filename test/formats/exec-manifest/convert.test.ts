import { describe, expect, test } from 'vitest';
import { readNotes, taskWaves } from '../../../src/formats/exec-manifest/index.js';
import { expandStep } from '../../../src/plan/templates/expand-step.js';
import type { Plan } from '../../../src/plan/model/plan.js';
import {
  convert,
  fixture,
  graphOf,
  load,
  manifestOf,
  planOf,
  REAL,
  tasksOf,
  type PlanDocument,
  type PlanStep,
} from './sample.js';

const MODES = ['dependency-driven', 'manual-batching', 'all-sequential', 'all-parallel'] as const;

function wavesOf(document: PlanDocument): string {
  const notes = readNotes(document as unknown as Plan)!;
  const graph = graphOf(document);
  return taskWaves(notes, graph)
    .map((wave) => wave.map((position) => graph.ids[position]!.replace('task-', '')).join('+'))
    .join(' / ');
}

/** `id: what it waits for`, joints too. */
function edgesOf({ steps }: PlanDocument): string[] {
  return steps.map(({ id, depends_on = [], trigger_rule }) =>
    [`${id}:`, ...depends_on, ...(trigger_rule === undefined ? [] : [`(${trigger_rule})`])].join(' '),
  );
}

function step(document: PlanDocument, id: string): PlanStep {
  return document.steps.find((each) => each.id === id)!;
}

describe('the waves of a real manifest', () => {
  test.each([
    ['example', '1 / 2+3 / 4'],
    ['remontoire', '1 / 2 / 3+4 / 5'],
    ['intercore', '1 / 2 / 3'],
    ['tldrs', '1 / 2 / 3 / 4 / 5 / 6 / 7'],
  ] as const)('%s: %s', (name, waves) => {
    expect(wavesOf(planOf(fixture(REAL[name])))).toBe(waves);
  });

  test('are one for all-parallel, and one for each task for all-sequential', () => {
    expect(wavesOf(planOf(fixture(REAL.example), { mode: 'all-parallel' }))).toBe('1+2+3+4');
    expect(wavesOf(planOf(fixture(REAL.remontoire), { mode: 'all-sequential' }))).toBe('1 / 2 / 3 / 4 / 5');
  });
});

describe('stages', () => {
  const two = [
    ['id: a, title: x', 'id: b, title: x'],
    ['id: c, title: x', 'id: d, title: x, depends: [c, a]', 'id: e, title: x, depends: [c]'],
  ];

  test('are joined by one step each', () => {
    expect(edgesOf(planOf(manifestOf(two)))).toEqual([
      'a:',
      'b:',
      '_stage-1: a b',
      'c: _stage-1',
      'd: _stage-1 c a',
      'e: _stage-1 c',
    ]);
  });

  test('need none where one side has one task', () => {
    const text = manifestOf([['id: a, title: x'], ['id: b, title: x', 'id: c, title: x'], ['id: d, title: x']]);
    expect(edgesOf(planOf(text))).toEqual(['a:', 'b: a', 'c: a', 'd: b c']);
  });

  test('are batches of their own for manual-batching, and a failure in one holds up nobody else', () => {
    expect(edgesOf(planOf(manifestOf(two), { mode: 'manual-batching' }))).toEqual([
      'a:',
      'b:',
      '_stage-1: a b',
      'c: _stage-1',
      'd: _stage-1 c a',
      'e: _stage-1 c',
    ]);
    const wide = [
      ['id: a, title: x', 'id: b, title: x', 'id: c, title: x, depends: [a]', 'id: d, title: x, depends: [c]'],
    ];
    expect(edgesOf(planOf(manifestOf(wide), { mode: 'manual-batching' }))).toEqual([
      'a:',
      'b:',
      'c: _stage-1-batch-1 a',
      'd: c',
      '_stage-1-batch-1: a b (all_done)',
    ]);
  });

  test('go one task after the other for all-sequential, in the order of the manifest as far as dependencies allow', () => {
    const text = manifestOf([
      ['id: a, title: x, depends: [d]', 'id: b, title: x', 'id: c, title: x', 'id: d, title: x'],
      ['id: e, title: x'],
    ]);
    const document = planOf(text, { mode: 'all-sequential' });
    expect(wavesOf(document)).toBe('b / c / d / a / e');
    expect(document.globals['max_concurrency']).toBe(1);
    expect(edgesOf(document)).toEqual([
      'a: d',
      'b:',
      'c: _stage-1-batch-1',
      'd: _stage-1-batch-2',
      '_stage-1-batch-1: b (all_done)',
      '_stage-1-batch-2: c (all_done)',
      'e: a b c d',
    ]);
  });

  test('are nothing for all-parallel: no edges, no results of others', () => {
    const document = planOf(manifestOf(two), { mode: 'all-parallel' });
    expect(edgesOf(document)).toEqual(['a:', 'b:', 'c:', 'd:', 'e:']);
    expect(document.steps.map(({ step_def }) => step_def['context'])).toEqual(Array(5).fill(undefined));
  });

  test.each(MODES)('stay sparse: 500 tasks in ten stages, %s', (mode) => {
    const stages = Array.from({ length: 10 }, (_, stage) =>
      Array.from({ length: 50 }, (_, task) => `id: t${stage}-${task}, title: x`),
    );
    const document = planOf(manifestOf(stages), { mode });
    const edges = document.steps.reduce((sum, { depends_on = [] }) => sum + depends_on.length, 0);
    expect(edges).toBeLessThan(2_000);
    expect(tasksOf(document)).toHaveLength(500);
    expect(JSON.stringify(document).length).toBeLessThan(700_000);
  });
});

describe('a task becomes an agent step', () => {
  test('with all that the manifest says of it', () => {
    const text = manifestOf(
      [
        ['id: task-1, title: First'],
        [
          'id: task-2, title: Second, files: [a.ts, ../b.ts], tier: fast, prompt_hint: Mind the gap',
          'id: task-3, title: x',
        ],
      ],
      'timeout_per_task: 90\nmax_parallel: 3\n',
    );
    const document = planOf(text, {}, 'plans/2026 demo.exec.yaml');
    expect(document).toMatchObject({
      plan_id: '2026-demo',
      version: '1.0',
      globals: { max_concurrency: 3 },
      metadata: {
        format: 'exec-manifest',
        mode: 'dependency-driven',
        stages: [
          { name: 'stage 1', tasks: ['task-1'] },
          { name: 'stage 2', tasks: ['task-2', 'task-3'] },
        ],
        depends: {},
      },
    });
    expect(step(document, 'task-2')).toEqual({
      id: 'task-2',
      name: 'Second',
      ui_hints: { group: 'stage 2' },
      depends_on: ['task-1'],
      on_failure: 'skip_dependents',
      step_def: {
        type: 'agent',
        agent: 'codex',
        tier: 'fast',
        title: 'Second',
        prompt: 'Second',
        hint: 'Mind the gap',
        files: ['a.ts', '../b.ts'],
        context: { steps: ['task-1'] },
        timeout_sec: 90,
        review: { agent: 'codex', tier: 'fast' },
        max_fix_rounds: 2,
      },
    });
  });

  test('word for word: what looks like a template is none', async () => {
    const task = 'id: a, title: "use ${HOME} for $$ and ${{ x }}", prompt_hint: "echo ${A:-b}", files: ["$x/${Y}"]';
    const text = manifestOf([[task]]);
    const { loaded } = await load(text, { projectDir: 'a${b}' });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const { plan } = loaded.value;
    const { action, cwd } = expandStep(plan, plan.steps[0]!, { inputs: {}, env: {} });
    expect(action).toMatchObject({
      prompt: 'use ${HOME} for $$ and ${{ x }}',
      hint: 'echo ${A:-b}',
      files: ['$x/${Y}'],
    });
    expect(cwd).toEqual(['a${b}']);
  });

  test('with the defaults of the format', () => {
    const document = planOf(manifestOf([['id: a, title: x']]));
    expect(document.globals).toEqual({ max_concurrency: 5, agents: { codex: { push: 'deny' } } });
    expect(step(document, 'a').step_def).toMatchObject({
      tier: 'deep',
      timeout_sec: 300,
      review: { agent: 'claude', tier: 'deep' },
    });
  });

  test('with the results of what it names and of all earlier stages, in the order of the manifest', () => {
    const text = manifestOf([
      ['id: a, title: x', 'id: b, title: x'],
      ['id: c, title: x', 'id: d, title: x, depends: [e, c, a]', 'id: e, title: x'],
    ]);
    const document = planOf(text);
    expect(step(document, 'c').step_def['context']).toEqual({ steps: ['a', 'b'] });
    expect(step(document, 'd').step_def['context']).toEqual({ steps: ['a', 'b', 'c', 'e'] });
    expect(step(document, 'a').step_def['context']).toBeUndefined();
  });

  test('with the results of the nearest stages where there are too many', () => {
    const stages = [
      Array.from({ length: 20 }, (_, i) => `id: a${i}, title: x`),
      Array.from({ length: 20 }, (_, i) => `id: b${i}, title: x`),
      ['id: c, title: x, depends: [a19]'],
    ];
    const { steps } = step(planOf(manifestOf(stages)), 'c').step_def['context'] as { steps: string[] };
    expect(steps).toHaveLength(32);
    expect(steps.slice(0, 12)).toEqual([...Array.from({ length: 11 }, (_, i) => `a${i}`), 'a19']);
    expect(steps.slice(12)).toEqual(Array.from({ length: 20 }, (_, i) => `b${i}`));
  });

  test('that says where its parts are written', () => {
    const text = manifestOf(
      [
        ['id: a, title: x', 'id: b, title: x'],
        ['id: c, title: x, depends: [b]', 'id: d, title: x'],
      ],
      'tier: fast\n',
    );
    const { origins } = convert(text);
    expect(Object.fromEntries(origins)).toMatchObject({
      'steps[0]': 'stages[0].tasks[0]',
      'steps[2]': 'stages[0]',
      'steps[3]': 'stages[1].tasks[0]',
      'steps[3].depends_on[1]': 'stages[1].tasks[0].depends[0]',
      'steps[3].step_def.tier': 'tier',
      'globals.max_concurrency': 'max_parallel',
    });
  });
});

describe('an option', () => {
  const text = manifestOf([['id: a, title: x'], ['id: b, title: y, tier: fast']]);
  const defs = (options: Parameters<typeof planOf>[1]) => tasksOf(planOf(text, options)).map((each) => each.step_def);

  test('overrides the mode, and the plan says so', () => {
    expect(planOf(text, { mode: 'all-parallel' }).metadata['mode']).toBe('all-parallel');
  });

  test('turns the review off', () => {
    for (const def of defs({ review: false })) expect(def).not.toHaveProperty('review');
  });

  test('names the reviewer for every tier', () => {
    expect(defs({ reviewEngine: 'gemini' }).map((def) => def['review'])).toEqual([
      { agent: 'gemini', tier: 'deep' },
      { agent: 'gemini', tier: 'fast' },
    ]);
  });

  test('hands tasks to a dispatch script, and reviews to the other engine by it', () => {
    const document = planOf(text, { dispatch: 'scripts/dispatch.sh' });
    const script = { adapter: 'dispatch', command: 'scripts/dispatch.sh', push: 'deny' };
    expect(document.globals['agents']).toEqual({
      dispatch: script,
      'dispatch-claude': { ...script, args: ['--to', 'claude'] },
      'dispatch-codex': { ...script, args: ['--to', 'codex'] },
    });
    expect(planOf(text, { dispatch: 'x', review: false }).globals['agents']).toEqual({
      dispatch: { ...script, command: 'x' },
    });
    expect(
      tasksOf(document).map(({ step_def }) => [step_def['agent'], (step_def['review'] as { agent: string }).agent]),
    ).toEqual([
      ['dispatch', 'dispatch-claude'],
      ['dispatch', 'dispatch-codex'],
    ]);
    expect(defs({ dispatch: 'x', reviewEngine: 'claude' }).map((def) => def['review'])).toEqual([
      { agent: 'dispatch-claude', tier: 'deep' },
      { agent: 'dispatch-claude', tier: 'fast' },
    ]);
    // One that no such script knows is called by orch.
    expect(defs({ dispatch: 'x', reviewEngine: 'gemini' })[0]).toMatchObject({
      agent: 'dispatch',
      review: { agent: 'gemini' },
    });
  });

  test('lets agents push', () => {
    expect(planOf(text, { mayPush: true }).globals).not.toHaveProperty('agents');
    expect(planOf(text, { mayPush: true, dispatch: 'x', review: false }).globals['agents']).toEqual({
      dispatch: { adapter: 'dispatch', command: 'x' },
    });
  });

  test('bounds the waiting for answers', () => {
    expect(defs({ answerTimeoutSec: 60 })[0]).toMatchObject({ answer_timeout_sec: 60 });
    expect(defs({})[0]).not.toHaveProperty('answer_timeout_sec');
  });

  test('sets the folder and the rounds of fixing', () => {
    expect(planOf(text, { projectDir: 'app' }).globals).toMatchObject({ cwd: 'app' });
    expect(defs({ maxFixRounds: 0 }).map((def) => def['max_fix_rounds'])).toEqual([0, 0]);
  });

  test('gives the prose plan: checks by the number of the task, criteria for the reviewer', () => {
    const prose = '## Task 1: x\n<verify>\n- run: `make`\n</verify>\n';
    const manifest = manifestOf([['id: task-1, title: x', 'id: task-2, title: y']]);
    const plan = { name: 'p.md', text: prose, path: '../p.md', criteria: '../p.criteria.md' };
    const [first, second] = tasksOf(planOf(manifest, { plan })).map((each) => each.step_def);
    expect(first).toMatchObject({
      plan_file: '../p.md',
      verify: [{ run: 'make', expect: 'exit 0' }],
      review: {
        prompt: '### What the plan says about it\n\n## Task 1: x\n<verify>\n- run: `make`\n</verify>',
        criteria_file: '../p.criteria.md',
      },
    });
    expect(second).not.toHaveProperty('verify');
  });
});

test.each([
  ['a.exec.yaml', 'a'],
  ['x/y/Plan 7 (new).exec.yml', 'Plan-7-new-'],
  ['.exec.yaml', 'manifest'],
  ['--é.yaml', 'manifest'],
  [`${'n'.repeat(200)}.exec.yaml`, 'n'.repeat(128)],
])('the plan of %s is called %s', (path, id) => {
  expect(planOf(manifestOf([['id: a, title: x']]), {}, path).plan_id).toBe(id);
});

describe('agents of one tree', () => {
  test('are no reason to warn where their files are others', async () => {
    for (const name of Object.values(REAL)) {
      const { loaded } = await load(fixture(name));
      expect(loaded).toMatchObject({ ok: true, value: { diagnostics: [] } });
    }
  });

  test.each([
    ['say nothing of files', 'files: [a]', 'tier: fast'],
    ['share one', 'files: [a, ./b]', 'files: [b]'],
  ])('are told where they %s', async (_, first, second) => {
    const { loaded } = await load(manifestOf([[`id: a, title: x, ${first}`, `id: b, title: x, ${second}`]]));
    expect(loaded).toMatchObject({
      ok: true,
      value: {
        diagnostics: [
          {
            code: 'shared_tree',
            severity: 'warning',
            line: 7,
            column: 9,
            path: 'stages[0].tasks[1]',
            hint: 'name other `files` for each, have one name the other in `depends`, or set max_parallel: 1',
          },
        ],
      },
    });
  });

  test.each([
    ['one slot', 'mode: dependency-driven', 'max_parallel: 1\n'],
    ['one order', 'mode: all-sequential', ''],
  ])('are no reason to warn where there is %s: no two run at once', async (_, mode, more) => {
    const text = manifestOf([['id: a, title: x', 'id: b, title: x']], more);
    const { loaded } = await load(text.replace('mode: dependency-driven', mode));
    expect(loaded).toMatchObject({ ok: true, value: { diagnostics: [] } });
  });
});
