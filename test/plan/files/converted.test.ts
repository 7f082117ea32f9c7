import { describe, expect, test } from 'vitest';
import { partName, type Convert, type ConvertedPlan } from '../../../src/plan/files/converted.js';
import { attachPlacesInTexts, loadPlanSet } from '../../../src/plan/files/load-set.js';
import type { NoPlanText, PlanText } from '../../../src/plan/files/plan-text.js';
import { isMap } from '../../../src/plan/problems/paths.js';
import { brief } from '../sample.js';

/**
 * A format with a plan for each entry of `parts`, and one for the document that runs those named by `runs`. A part is a
 * list of commands; `bad` makes it invalid as a plan, `wrong` the document itself.
 */
const convert: Convert = (document, path) => {
  if (!isMap(document) || !isMap(document['parts'])) return undefined;
  const parts = document['parts'] as Record<string, string[]>;
  const runs = (document['runs'] ?? []) as string[];
  const wrong = document['wrong'] as 'error' | 'warning' | undefined;
  const told = { code: 'invalid_value', severity: wrong ?? 'error', message: 'wrong', path: 'wrong' } as const;
  const steps = runs.map((plan, index) => ({
    id: `r${index}`,
    step_def: { type: 'plan', plan: plan.startsWith('#') ? partName(path, plan.slice(1)) : plan },
  }));
  const main: ConvertedPlan = {
    document: { plan_id: 'main', version: '1.0', steps },
    origins: new Map(runs.map((_, index) => [`steps[${index}].step_def.plan`, `runs[${index}]`])),
  };
  return {
    format: 'parts',
    ...(wrong === 'error' ? {} : { plan: main }),
    parts: Object.fromEntries(
      (wrong === 'error' ? [] : Object.entries(parts)).map(([name, commands]) => [name, partOf(name, commands)]),
    ),
    diagnostics: wrong === undefined ? [] : [told],
  };
};

function partOf(name: string, commands: readonly string[]): ConvertedPlan {
  return {
    document: {
      plan_id: name,
      version: '1.0',
      steps: commands.map((command, index) => ({
        id: `s${index}`,
        command,
        args: command === 'args' ? ['${X}'] : [],
        ...(command === 'bad' ? { retries: -1 } : {}),
      })),
    },
    origins: new Map([['steps', `parts.${name}`]]),
  };
}

function planOf(id: string): string {
  return `plan_id: ${id}\nversion: "1.0"\nsteps: [{id: s, command: x}]\n`;
}

function load(files: Record<string, string>, strict = false) {
  const read = async (path: string): Promise<PlanText | NoPlanText> => {
    const text = files[path];
    return text === undefined
      ? { code: 'file_not_found', message: `${path}: there is no such file` }
      : { name: path, text };
  };
  const [path, text] = Object.entries(files)[0]!;
  return loadPlanSet(path, { name: path, text }, read, { convert, strict });
}

describe('a file of several plans', () => {
  test('is a plan with sub-plans', async () => {
    const { loaded, format } = await load({
      'a.yaml': 'runs: ["#x", "#y", "#x"]\nparts:\n  x: [one]\n  y: [two]\n  z: [three]\n',
    });
    expect(format).toBe('parts');
    expect(loaded).toMatchObject({ ok: true, value: { format: 'parts', path: 'a.yaml', plan: { plan_id: 'main' } } });
    expect(loaded.ok && [...loaded.value.subPlans.keys()]).toEqual(['a.yaml#x', 'a.yaml#y']);
    expect(loaded.ok && Object.keys(loaded.value.plans)).toEqual(['a.yaml#x', 'a.yaml#y']);
  });

  test('may be used by a plan of another folder, part by part', async () => {
    const { loaded, format } = await load({
      'p.yaml':
        'plan_id: p\nversion: "1.0"\nsteps:\n  - {id: a, step_def: {type: plan, plan: "sub/a.yaml#y"}}\n  - {id: b, step_def: {type: plan, plan: sub/a.yaml}}\n',
      'sub/a.yaml': 'runs: ["#x", b.yaml]\nparts:\n  x: [one]\n  y: [two]\n',
      'sub/b.yaml': 'plan_id: b\nversion: "1.0"\nsteps: [{id: s, command: x}]\n',
    });
    expect(format).toBeUndefined();
    expect(loaded.ok && [...loaded.value.subPlans].map(([path, { plan_id }]) => [path, plan_id])).toEqual([
      ['sub/a.yaml#y', 'y'],
      ['sub/a.yaml', 'main'],
      ['sub/a.yaml#x', 'x'],
      ['sub/b.yaml', 'b'],
    ]);
  });

  test('whose name holds a # is found by it first', async () => {
    const above = 'plan_id: p\nversion: "1.0"\nsteps: [{id: a, step_def: {type: plan, plan: "b#c.yaml"}}]\n';
    const { loaded } = await load({ 'p.yaml': above, 'b#c.yaml': planOf('whole'), b: planOf('part') });
    expect(loaded.ok && loaded.value.subPlans.get('b#c.yaml')?.plan_id).toBe('whole');
  });

  test.each<[title: string, files: Record<string, string>, expected: string[], hint?: string]>([
    [
      'runs a part that is not there',
      { 'a.yaml': 'runs: ["#dosc"]\nparts:\n  docs: [one]\n' },
      ['1:8 sub_plan_missing runs[0]'],
      "did you mean 'docs'?",
    ],
    ['runs a file that is not there', { 'a.yaml': 'runs: [b.yaml]\nparts: {}\n' }, ['1:8 file_not_found runs[0]']],
    [
      'runs a part of a plan',
      {
        'a.yaml': 'runs: ["b.yaml#x"]\nparts: {}\n',
        'b.yaml': 'plan_id: b\nversion: "1.0"\nsteps: [{id: s, command: x}]\n',
      },
      ['1:8 file_not_found runs[0]'],
    ],
    [
      'runs a part of a file that is wrong',
      { 'a.yaml': 'runs: ["b.yaml#x"]\nparts: {}\n', 'b.yaml': 'wrong: error\nparts: {x: [one]}\n' },
      ['1:8 invalid_sub_plan runs[0]', '1:8 invalid_value wrong'],
    ],
    ['is wrong itself', { 'a.yaml': 'parts: {}\nwrong: error\n' }, ['2:8 invalid_value wrong']],
    [
      'becomes a plan that is wrong',
      { 'a.yaml': 'runs: ["#x"]\nparts:\n  x: [bad]\n' },
      ['1:8 invalid_sub_plan runs[0]', '3:7 out_of_range parts.x[0].retries'],
    ],
    ['runs itself', { 'a.yaml': 'runs: [a.yaml]\nparts: {}\n' }, ['1:8 recursive_plan runs[0]']],
  ])('that %s is refused, with its place', async (_, files, expected, hint) => {
    const { loaded } = await load(files);
    if (loaded.ok) throw new Error('it was let pass');
    expect(brief(loaded.error)).toEqual(expected);
    if (hint !== undefined) expect(loaded.error[0]?.hint).toBe(hint);
  });

  test('with a warning is let pass, and refused where warnings count as errors', async () => {
    const files = { 'a.yaml': 'runs: ["#x"]\nparts: {x: [one]}\nwrong: warning\n' };
    expect((await load(files)).loaded).toMatchObject({
      ok: true,
      value: { diagnostics: [{ line: 3, severity: 'warning' }] },
    });
    const { loaded, format } = await load(files, true);
    expect(loaded).toMatchObject({ ok: false, error: [{ line: 3, severity: 'error' }] });
    expect(format).toBe('parts');
  });

  test('gets the places of what is found later', async () => {
    const { texts } = await load({ 'a.yaml': 'runs: ["#x"]\nparts:\n  x: [one, args]\n' });
    const later = {
      code: 'missing_name',
      severity: 'error',
      message: 'X',
      file: 'a.yaml#x',
      path: 'steps[1].args[0]',
    } as const;
    expect(brief(attachPlacesInTexts([later], texts, 'a.yaml', convert))).toEqual([
      '3:12 missing_name parts.x[1].args[0]',
    ]);
  });
});
