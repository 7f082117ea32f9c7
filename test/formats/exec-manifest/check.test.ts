import { describe, expect, test } from 'vitest';
import { manifestJsonSchema } from '../../../src/formats/exec-manifest/index.js';
import { brief } from '../../plan/sample.js';
import { convert, fixture, load, manifestOf, planOf, REAL } from './sample.js';

/** The diagnostics of a manifest, `line:column code path: message (hint)`. */
function told(text: string): string[] {
  const { document, diagnostics } = convert(text);
  expect(document === undefined).toBe(diagnostics.length > 0);
  return diagnostics.map(({ line, column, code, path, message, hint }) =>
    [`${line}:${column} ${code} ${path ?? '-'}: ${message}`, ...(hint === undefined ? [] : [`(${hint})`])].join(' '),
  );
}

const ONE = 'id: task-1, title: One';

describe('a manifest', () => {
  test.each(Object.values(REAL))('that people use is valid: %s', (name) => {
    expect(convert(fixture(name)).diagnostics).toEqual([]);
  });

  test.each<[title: string, text: string]>([
    ['may leave out what has a default', manifestOf([[ONE]])],
    ['may have ids of any words', manifestOf([['id: write-the-docs, title: x'], ['id: 2.b_C, title: x']])],
    ['may have ids of 128 characters', manifestOf([[`id: ${'a'.repeat(128)}, title: x`]])],
    ['may have two stages of one name', manifestOf([[ONE], ['id: b, title: x']]).replace('stage 2', 'stage 1')],
    ['may have an empty key where a default is', manifestOf([[`${ONE}, depends: , files: , tier: `]])],
    ['may have keys of its owner', manifestOf([[`${ONE}, x-owner: me`]], 'x-team: a\n$schema: y\n')],
    [
      'may be JSON',
      JSON.stringify({ version: 1, mode: 'all-parallel', stages: [{ name: '', tasks: [{ id: 'a', title: 'A' }] }] }),
    ],
  ])('%s', (_, text) => {
    expect(told(text)).toEqual([]);
  });

  test.each<[title: string, text: string, expected: string[]]>([
    [
      'of another version',
      manifestOf([[ONE]]).replace('version: 1', 'version: 2'),
      [
        '1:10 unsupported_version version: version 2 of execution manifests is not supported; this orch reads version 1 (write 1)',
      ],
    ],
    [
      'with its version as a text',
      manifestOf([[ONE]]).replace('version: 1', 'version: "1"'),
      [
        '1:10 unsupported_version version: version "1" of execution manifests is not supported; this orch reads version 1 (write 1, without quotes)',
      ],
    ],
    [
      'without what it must say',
      'stages:\n  - tasks:\n      - {files: [a]}\n',
      [
        "1:1 missing_key version: 'version' is missing",
        "1:1 missing_key mode: 'mode' is missing",
        "2:5 missing_key stages[0].name: 'name' is missing in 'stages[0]'",
        "3:9 missing_key stages[0].tasks[0].id: 'id' is missing in 'tasks[0]'",
        "3:9 missing_key stages[0].tasks[0].title: 'title' is missing in 'tasks[0]'",
      ],
    ],
    [
      'of an unknown mode',
      manifestOf([[ONE]], 'mode: all-paralel\n'),
      [
        "2:7 invalid_value mode: 'mode' must be one of all-parallel, all-sequential, dependency-driven, manual-batching, not 'all-paralel' (did you mean 'all-parallel'?)",
      ],
    ],
    [
      'out of range',
      manifestOf([[ONE]], 'max_parallel: 11\ntimeout_per_task: 29\n'),
      [
        "3:15 out_of_range max_parallel: 'max_parallel' must be at most 10",
        "4:19 out_of_range timeout_per_task: 'timeout_per_task' must be at least 30",
      ],
    ],
    [
      'of wrong types',
      manifestOf([['id: 7, title: [x], files: a.ts, depends: task-1']], 'max_parallel: three\ntier: 1\n'),
      [
        "3:15 wrong_type max_parallel: 'max_parallel' must be a number, not a string",
        "4:7 wrong_type tier: 'tier' must be one of fast, deep, not a number",
        '8:14 wrong_type stages[0].tasks[0].id: \'id\' must be a string, not a number (put it in quotes: "7")',
        "8:24 wrong_type stages[0].tasks[0].title: 'title' must be a string, not a list",
        '8:36 wrong_type stages[0].tasks[0].files: \'files\' must be a list, not a string (write ["a.ts"])',
        '8:51 wrong_type stages[0].tasks[0].depends: \'depends\' must be a list, not a string (write ["task-1"])',
      ],
    ],
    [
      'with misspelt keys',
      manifestOf([[`${ONE}, depends_on: []`, 'id: b, title: x, colour: red']], 'max_paralel: 3\n'),
      [
        "3:1 unknown_key max_paralel: unknown key 'max_paralel' (did you mean 'max_parallel'?)",
        "7:34 unknown_key stages[0].tasks[0].depends_on: unknown key 'depends_on' (did you mean 'depends'?)",
        "8:27 unknown_key stages[0].tasks[1].colour: unknown key 'colour' (remove it; known keys are id, title, files, depends, tier, prompt_hint)",
      ],
    ],
    [
      'with ids that are no names of files',
      manifestOf([
        ['id: ../../x, title: x', 'id: _a, title: x', `id: ${'a'.repeat(129)}, title: x`, 'id: "", title: x'],
      ]),
      ['6', '7', '8', '9'].map((line, place) =>
        expect.stringMatching(new RegExp(`^${line}:14 invalid_id stages\\[0\\]\\.tasks\\[${place}\\]\\.id: `)),
      ),
    ],
    [
      'with ids that are taken',
      manifestOf([[ONE], ['id: task-1, title: x', 'id: TASK-1, title: x']]),
      [
        "9:14 duplicate_id stages[1].tasks[0].id: duplicate id 'task-1'",
        "10:14 duplicate_id stages[1].tasks[1].id: the id 'TASK-1' differs from 'task-1' only by case (ids become folders, and some file systems ignore case)",
      ],
    ],
    [
      'without stages',
      'version: 1\nmode: all-parallel\nstages: []\n',
      ["3:9 out_of_range stages: 'stages' must not be empty"],
    ],
    [
      'with an empty stage',
      'version: 1\nmode: all-parallel\nstages: [{name: a, tasks: []}]\n',
      ["3:27 out_of_range stages[0].tasks: 'tasks' must not be empty"],
    ],
    [
      'whose tasks need what is not there',
      manifestOf([[ONE, 'id: b, title: x, depends: [tsak-1, b, task-1, task-1]']], 'mode: all-parallel\n'),
      [
        "7:37 unknown_dependency stages[0].tasks[1].depends[0]: there is no task 'tsak-1' (did you mean 'task-1'?)",
        "7:45 self_dependency stages[0].tasks[1].depends[1]: task 'b' depends on itself (remove it)",
        "7:56 duplicate_dependency stages[0].tasks[1].depends[3]: 'task-1' is named twice (remove one)",
      ],
    ],
    [
      'whose tasks wait for each other',
      manifestOf([['id: a, title: x, depends: [c]', 'id: b, title: x, depends: [a]', 'id: c, title: x, depends: [b]']]),
      [
        "6:37 dependency_cycle stages[0].tasks[0].depends[0]: these tasks depend on each other: 'a' → 'c' → 'b' → 'a' (remove one of these dependencies)",
      ],
    ],
    [
      'with a dependency on a later stage',
      manifestOf([['id: a, title: x, depends: [b]'], ['id: b, title: x']]),
      [
        "6:37 dependency_cycle stages[0].tasks[0].depends[0]: these tasks depend on each other: 'a' → 'b' → 'a' ('b' is in a later stage, which waits for all tasks of this one: move one of the two, or remove this dependency)",
      ],
    ],
    [
      'that is a list',
      '- a\n',
      ['1:1 not_a_plan -: an execution manifest is a map with version, mode and stages, not a list'],
    ],
  ])('%s is refused', (_, text, expected) => {
    expect(told(text)).toEqual(expected);
  });

  test('a cycle is told edge by edge, a later stage with what makes it one', () => {
    const { diagnostics } = convert(manifestOf([['id: a, title: x, depends: [b]'], ['id: b, title: x']]));
    expect(diagnostics[0]?.related).toEqual([
      {
        message: "'a' depends on 'b'",
        path: 'stages[0].tasks[0].depends[0]',
        file: 'demo.exec.yaml',
        line: 6,
        column: 37,
      },
      {
        message: "'b' waits for all of stage 'stage 1', and so for 'a'",
        path: 'stages[1].tasks[0]',
        file: 'demo.exec.yaml',
        line: 9,
        column: 9,
      },
    ]);
  });

  test('everything is told at once, and the same each time', () => {
    const text = manifestOf([['id: 1, title: x, depends: [y]'], ['id: b, titel: x, depends: [b, a]']], 'mode: fast\n');
    const first = brief(convert(text).diagnostics);
    expect(first).toHaveLength(7);
    expect(brief(convert(text).diagnostics)).toEqual(first);
  });
});

describe('a file', () => {
  test.each<[title: string, text: string, path: string, manifest: boolean]>([
    ['with stages', 'stages: []', 'a.yaml', true],
    ['with limits that only manifests have', 'max_parallel: 3', 'a.yaml', true],
    ['that is called one', 'version: 1\nstage: []', 'a.exec.yaml', true],
    ['that is called one and holds a text', 'hello', 'a.exec.yml', true],
    ['with steps', 'steps: []\nstages: []', 'a.exec.yaml', false],
    ['with pipelines', 'pipelines: []\nstages: []', 'a.yaml', false],
    ['that could be anything', 'version: 1', 'a.yaml', false],
  ])('%s is recognised: %s', (_, text, path, manifest) => {
    const recognised = () => convert(text, {}, path);
    if (manifest) expect(recognised()).toMatchObject({ diagnostics: expect.any(Array) as unknown });
    else expect(recognised).toThrow('no manifest');
  });
});

test('hostile manifests are refused with a code and a place', async () => {
  const deep = `stages: ${'['.repeat(5000)}`;
  const wide = `stages: [{name: a, tasks: [${'{}, '.repeat(20_000)}]}]`;
  const keys = `version: 1\nmode: all-parallel\nstages: []\n${Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')}`;
  const circle = 'stages: &s [*s]';
  for (const text of [
    deep,
    wide,
    keys,
    circle,
    'stages: 1',
    'stages: {}',
    'stages: [1, null, []]',
    'stages: [{tasks: [1]}]',
  ]) {
    const { loaded } = await load(text);
    if (loaded.ok) throw new Error(`let pass: ${text.slice(0, 40)}`);
    expect(loaded.error.length).toBeGreaterThan(0);
    expect(loaded.error.length).toBeLessThanOrEqual(101);
    for (const each of loaded.error)
      expect(each).toMatchObject({ file: 'demo.exec.yaml', line: expect.any(Number) as number });
  }
});

test('a chain of ten thousand tasks is checked, closed to a circle or not', () => {
  const tasks = Array.from({ length: 10_000 }, (_, i) => ({
    id: `t${i}`,
    title: 'x',
    depends: i === 0 ? [] : [`t${i - 1}`],
  }));
  const document = { version: 1, mode: 'dependency-driven', stages: [{ name: 's', tasks }] };
  expect(planOf(JSON.stringify(document)).steps).toHaveLength(10_000);
  tasks[0]!.depends.push('t9999');
  expect(convert(JSON.stringify(document)).diagnostics).toMatchObject([{ code: 'dependency_cycle' }]);
});

test('the published schema asks for no more than the one that people had', () => {
  interface Schema {
    required?: string[];
    properties?: Record<string, Schema>;
    items?: Schema;
    anyOf?: Schema[];
    minimum?: number;
    maximum?: number;
    minItems?: number;
    enum?: string[];
  }
  const theirs = JSON.parse(fixture('exec-manifest.schema.json')) as Schema;
  const ours = manifestJsonSchema() as Schema;
  const compare = (one: Schema, other: Schema): void => {
    const own = other.anyOf?.[0] ?? other;
    expect(own.required).toEqual(one.required);
    expect([own.minimum, own.maximum, own.minItems]).toEqual([one.minimum, one.maximum, one.minItems]);
    expect(own.enum === undefined ? undefined : new Set(own.enum)).toEqual(one.enum && new Set(one.enum));
    expect(Object.keys(own.properties ?? {})).toEqual(Object.keys(one.properties ?? {}));
    for (const [key, property] of Object.entries(one.properties ?? {})) compare(property, own.properties![key]!);
    if (one.items !== undefined) compare(one.items, own.items!);
  };
  compare(theirs, ours);
});
