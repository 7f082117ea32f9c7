import { describe, expect, test } from 'vitest';
import { planDigest, pinPlans } from '../../../src/client/pin-plans.js';
import { checkPlanSet, loadPlanSet, type PlanSources } from '../../../src/plan/index.js';
import { resolvePlanPath } from '../../../src/plan/files/plan-path.js';
import { missingNamesBelow } from '../../../src/plan/files/sub-plan-names.js';
import { brief } from '../sample.js';

const step = (id: string, plan: string, more: object = {}, keys: object = {}): object => ({
  id,
  ...keys,
  step_def: { type: 'plan', plan, ...more },
});
const planOf = (steps: unknown[], more: object = {}): Record<string, unknown> => ({
  plan_id: 'p',
  version: '1.0',
  steps,
  ...more,
});
const leaf = planOf([{ id: 'x', command: 'true' }]);

/** `file code path` of everything that is wrong. */
function refused(sources: PlanSources): string[] {
  const checked = checkPlanSet(sources);
  if (checked.ok) throw new Error('it was let pass');
  return checked.error.map((each) => `${each.file ?? '-'} ${each.code} ${each.path ?? '-'}`);
}

/** Loads a plan from texts by path; the first is the one to run. */
async function load(files: Record<string, string>): ReturnType<typeof loadPlanSet> {
  const [[path, text]] = Object.entries(files) as [[string, string]];
  return loadPlanSet(path, { name: `in/${path}`, text }, async (target) =>
    Object.hasOwn(files, target)
      ? { name: `in/${target}`, text: files[target]! }
      : { code: 'file_not_found', message: 'there is no such file' },
  );
}

test.each([
  ['main.yaml', 'sub.yaml', 'sub.yaml'],
  ['main.yaml', './a//b/../c.yaml', 'a/c.yaml'],
  ['a/b.yaml', '../c.yaml', 'c.yaml'],
  ['a/b.yaml', '../../c.yaml', '../c.yaml'],
  ['../b.yaml', '../c.yaml', '../../c.yaml'],
  ['a/b.yaml', '/etc/./c.yaml', '/etc/c.yaml'],
  ['/etc/b.yaml', '../../../c.yaml', '/c.yaml'],
  ['a/b.yaml', 'C:\\plans\\c.yaml', 'C:\\plans\\c.yaml'],
])('a file counts from the folder of the plan that names it: %s, %s is %s', (from, written, expected) => {
  expect(resolvePlanPath(from, written)).toBe(expected);
});

test('JSON and YAML are read alike, each file once, whatever it is called', async () => {
  const { loaded, texts } = await load({
    'main.yaml':
      'plan_id: m\nversion: "1.0"\nsteps:\n  - {id: a, step_def: {type: plan, plan: s/a.json}}\n  - {id: b, step_def: {type: plan, plan: ./s/../s/a.json}}\n',
    's/a.json': JSON.stringify(planOf([step('deep', '../b.yaml')])),
    'b.yaml': 'plan_id: b\nversion: "1.0"\nsteps: [{id: x, command: "true"}]\n',
    'unused.yaml': 'nonsense',
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  expect([...texts.keys()]).toEqual(['main.yaml', 's/a.json', 'b.yaml']);
  expect(Object.keys(loaded.value.plans)).toEqual(['s/a.json', 'b.yaml']);
  expect([...loaded.value.subPlans.values()].map((plan) => plan.plan_id)).toEqual(['p', 'b']);
});

describe('what is wrong is told at its own place', () => {
  test('in the file of the sub-plan, and where the sub-plan is named', async () => {
    const { loaded } = await load({
      'main.yaml': 'plan_id: m\nversion: "1.0"\nsteps:\n  - {id: a, step_def: {type: plan, plan: s/a.yaml}}\n',
      's/a.yaml':
        'plan_id: a\nversion: "1.0"\nsteps:\n  - {id: x, command: a, retires: 1}\n  - {id: b, step_def: {type: plan, plan: no.yaml}}\n',
    });
    expect(loaded.ok ? [] : loaded.error.map((each) => `${each.file} ${brief([each])[0]}`)).toEqual([
      'in/main.yaml 4:42 invalid_sub_plan steps[0].step_def.plan',
      'in/s/a.yaml 4:25 unknown_key steps[0].retires',
      'in/s/a.yaml 5:42 file_not_found steps[1].step_def.plan',
    ]);
  });

  test('a text that cannot be read, and a warning that --strict takes for an error', async () => {
    const main = 'plan_id: m\nversion: "1.0"\nsteps:\n  - {id: a, step_def: {type: plan, plan: a.json}}\n';
    const broken = await load({ 'main.yaml': main, 'a.json': '{"plan_id": }' });
    expect(broken.loaded.ok ? [] : broken.loaded.error.map((each) => `${each.file} ${each.code}`)).toEqual([
      'in/main.yaml invalid_sub_plan',
      'in/a.json syntax_error',
    ]);
    const odd = JSON.stringify({ ...leaf, doc_id: 1 });
    const read = async (): Promise<{ name: string; text: string }> => ({ name: 'a.json', text: odd });
    const strict = await loadPlanSet('main.yaml', { name: 'main.yaml', text: main }, read, { strict: true });
    expect(strict.loaded.ok ? [] : strict.loaded.error).toMatchObject([
      { file: 'a.json', code: 'unknown_key', severity: 'error', line: 1 },
    ]);
    expect((await loadPlanSet('main.yaml', { name: 'main.yaml', text: main }, read)).loaded.ok).toBe(true);
  });

  test('a document that was not given', () => {
    expect(refused({ source: planOf([step('a', 'a.yaml')]) })).toEqual(['- sub_plan_missing steps[0].step_def.plan']);
  });
});

/** What is wrong, with the places that belong to it. */
const messages = (sources: PlanSources): unknown[] => {
  const checked = checkPlanSet(sources);
  return checked.ok
    ? []
    : checked.error.map(({ file, code, message, related }) => [
        file,
        code,
        message,
        related?.map((each) => `${each.file}: ${each.path}: ${each.message}`),
      ]);
};

describe('recursion', () => {
  test('of a plan with itself', () => {
    expect(messages({ path: 'a.yaml', source: planOf([step('again', './a.yaml')]) })).toEqual([
      [
        'a.yaml',
        'recursive_plan',
        'this plan runs itself, endlessly: a.yaml → a.yaml',
        ["a.yaml: steps[0].step_def.plan: step 'again' of a.yaml runs a.yaml"],
      ],
    ]);
  });

  test('through several, edge by edge, from `finally` too', () => {
    const sources = {
      path: 'a.yaml',
      source: planOf([step('b', 's/b.yaml')]),
      plans: {
        's/b.yaml': planOf([{ id: 'x', command: 'true' }], { finally: [step('c', 'c.yaml')] }),
        's/c.yaml': planOf([step('leaf', 'leaf.yaml'), step('a', '../a.yaml')]),
        's/leaf.yaml': leaf,
      },
    };
    expect(messages(sources)).toEqual([
      [
        'a.yaml',
        'recursive_plan',
        'these plans run each other, endlessly: a.yaml → s/b.yaml → s/c.yaml → a.yaml',
        [
          "a.yaml: steps[0].step_def.plan: step 'b' of a.yaml runs s/b.yaml",
          "s/b.yaml: finally[0].step_def.plan: step 'c' of s/b.yaml runs s/c.yaml",
          "s/c.yaml: steps[1].step_def.plan: step 'a' of s/c.yaml runs a.yaml",
        ],
      ],
    ]);
  });

  test('a plan that is used twice is none', () => {
    const plans = { 'b.yaml': planOf([step('d', 'd.yaml')]), 'c.yaml': planOf([step('d', 'd.yaml')]), 'd.yaml': leaf };
    expect(checkPlanSet({ source: planOf([step('b', 'b.yaml'), step('c', 'c.yaml')]), plans }).ok).toBe(true);
  });
});

/** Plans that each run the next one. */
const chain = (count: number): Record<string, unknown> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `${i}.yaml`,
      i === count - 1 ? leaf : planOf([step('n', `${i + 1}.yaml`)]),
    ]),
  );

test('10 levels are nested, not 11', async () => {
  const texts = (count: number): Record<string, string> =>
    Object.fromEntries(Object.entries(chain(count)).map(([name, plan]) => [name, JSON.stringify(plan)]));
  expect(checkPlanSet({ path: '0.yaml', source: chain(11)['0.yaml'], plans: chain(11) }).ok).toBe(true);
  expect(refused({ path: '0.yaml', source: chain(12)['0.yaml'], plans: chain(12) })).toEqual([
    '10.yaml sub_plan_limit steps[0].step_def.plan',
  ]);
  expect((await load(texts(11))).loaded.ok).toBe(true);
  const { loaded, texts: read } = await load(texts(30));
  expect([loaded.ok ? [] : loaded.error.map((each) => each.code), read.size]).toEqual([['sub_plan_limit'], 11]);
});

describe('inputs of a sub-plan', () => {
  const inputs = {
    N: { type: 'integer', required: true },
    L: { type: 'array' },
    MODE: { enum: ['fast', 'slow'], default: 'fast' },
  };
  const plans = { 'a.yaml': planOf([{ id: 'x', command: 'true' }], { inputs }) };
  const given = (values: unknown): string[] => {
    const source = planOf([
      { id: 'p', command: 'true' },
      step('a', 'a.yaml', { inputs: values }, { depends_on: ['p'] }),
    ]);
    const checked = checkPlanSet({ source, plans });
    return checked.ok ? [] : checked.error.map((each) => `${each.code} ${each.path} ${each.hint ?? ''}`.trim());
  };
  const at = 'steps[1].step_def';

  test.each<[string, unknown, string[]]>([
    ['values that fit', { N: 1, L: [1], MODE: 'slow' }, []],
    ['a text that means a number', { N: '12' }, []],
    ['a template, whatever it becomes', { N: '${{ prev.p.outputs.n }}', L: ['${HOME}'] }, []],
    ['a dollar that is not a valid template', { N: 1, MODE: '$$' }, [`invalid_value ${at}.inputs.MODE`]],
    ['a wrong type', { N: 1.5, L: 'x' }, [`wrong_type ${at}.inputs.N`, `wrong_type ${at}.inputs.L`]],
    ['a value that is not allowed', { N: 1, MODE: 'fats' }, [`invalid_value ${at}.inputs.MODE did you mean 'fast'?`]],
    ['a misspelt name', { N: 1, MDOE: 'slow' }, [`unknown_input ${at}.inputs.MDOE did you mean 'MODE'?`]],
    [
      'an unknown name with a template',
      { N: 1, xyz: '${HOME}' },
      [`unknown_input ${at}.inputs.xyz it declares N, L, MODE`],
    ],
    [
      'null for a value',
      { N: null },
      [`missing_input ${at}.inputs.N give it under inputs of the step, or give N a default in that plan`],
    ],
    ['nothing', null, [`missing_input ${at}.plan give it under inputs of the step, or give N a default in that plan`]],
  ])('%s', (_, values, expected) => {
    expect(given(values)).toEqual(expected);
  });

  test('an expression in them is checked like any other', () => {
    const source = planOf([
      step('a', 'a.yaml', { inputs: { N: '${{ prev.b.outputs.n }}' } }),
      { id: 'b', command: 'x' },
    ]);
    expect(refused({ source, plans })).toEqual(['- not_an_ancestor steps[0].step_def.inputs.N']);
  });
});

describe('outputs', () => {
  test('may read every step; their names are names', () => {
    const outputs = { ok: "${{ prev.z.status == 'success' }}", deep: ['${{ prev.x.outputs.a }}'], run_id: 1, 'a b': 2 };
    const source = planOf([{ id: 'x', command: 'true' }], { outputs, finally: [{ id: 'z', command: 'true' }] });
    expect(refused({ source })).toEqual(['- invalid_name outputs.run_id', '- invalid_name outputs["a b"]']);
  });

  test('what a sub-plan does not hand out cannot be read, unless a fallback may', () => {
    const plans = { 'a.yaml': planOf([{ id: 'x', command: 'true' }], { outputs: { file: 1 } }) };
    const source = planOf([
      step('a', 'a.yaml'),
      step('b', 'a.yaml', {}, { fallback_step: 'c' }),
      { id: 'c', command: 'true' },
      {
        id: 'd',
        command: 'echo',
        depends_on: ['a', 'b'],
        args: [
          '${{ prev.a.outputs.run_id + prev.a.outputs.file }}',
          '${{ prev.b.outputs.own }}',
          '${{ prev.a.outputs.fiel }}',
        ],
      },
    ]);
    expect(refused({ source, plans })).toEqual(['- unknown_output steps[3].args[2]']);
  });
});

test('names that templates of a sub-plan would not find are told in its file, for each use that lacks them', () => {
  const plans = {
    's/a.yaml': planOf([{ id: 'x', command: 'echo', args: ['${A}', '${B:-b}', '${C}', '${D}'] }, step('b', 'b.yaml')], {
      inputs: { A: {}, C: { default: 'c' } },
    }),
    's/b.yaml': planOf([{ id: 'x', command: 'echo', args: ['${E}', '${F}'] }]),
  };
  const use = (keys: object, inputs: object): ReturnType<typeof missingNamesBelow> => {
    const checked = checkPlanSet({ source: planOf([step('a', 's/a.yaml', { inputs }, keys)]), plans });
    if (!checked.ok) throw new Error(JSON.stringify(checked.error));
    return missingNamesBelow(checked.value, { D: 'taken along' });
  };
  expect(use({}, {}).map((each) => `${each.file} ${each.path} ${each.message}`)).toEqual([
    's/a.yaml steps[0].args[0] ${A} has no value',
    's/b.yaml steps[0].args[0] ${E} has no value',
    's/b.yaml steps[0].args[1] ${F} has no value',
  ]);
  expect(use({ env: { E: 'e', F: 'f' } }, { A: 'a' })).toEqual([]);
});

const nested = (deep: unknown, other: unknown): PlanSources => ({
  path: 'a.yaml',
  source: planOf([step('b', 'b.yaml')]),
  plans: { 'b.yaml': planOf([step('c', 'c.yaml')]), 'c.yaml': deep, 'd.yaml': other },
});

test('a digest covers the sub-plans, at any depth, and not what nobody names', () => {
  const before = nested(leaf, 1);
  expect(planDigest(nested(leaf, 2))).toBe(planDigest(before));
  expect(planDigest(nested({ ...leaf, description: 'x' }, 1))).not.toBe(planDigest(before));
  expect(pinPlans(before, ['b.yaml'])['b.yaml']!.digest).not.toBe(
    pinPlans(nested({ ...leaf, description: 'x' }, 1), ['b.yaml'])['b.yaml']!.digest,
  );
});

describe('ids of runs that would be one', () => {
  const inner = planOf([step('b', 'leaf'), step('c.d', 'leaf')]);
  const collisions = (steps: object[]): string[] => {
    const checked = checkPlanSet({ source: planOf(steps), path: 'main', plans: { inner, leaf, 'in/inner': inner } });
    return checked.ok ? [] : checked.error.map(({ code, path, message }) => `${code} ${path}: ${message}`);
  };

  test('are found at load', () => {
    expect(collisions([step('a', 'inner'), step('a.b', 'leaf'), step('a.c.d', 'leaf'), step('a.x', 'leaf')])).toEqual([
      "run_id_collision steps[1].id: the runs of 'a.b' and of 'b' in the plan of 'a' would have one id",
      "run_id_collision steps[2].id: the runs of 'a.c.d' and of 'c.d' in the plan of 'a' would have one id",
    ]);
  });

  test('are none where one of them has an index, or runs no plan', () => {
    expect(collisions([step('a', 'inner', {}, { foreach: [1] }), step('a.b', 'leaf')])).toEqual([]);
    expect(collisions([step('a', 'inner'), { id: 'a.b', command: 'true' }])).toEqual([]);
  });
});
