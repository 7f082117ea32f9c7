import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { command, errorsOf, one, read, sub, type StageSketch } from './support.js';

const told = async (source: unknown): Promise<string[]> =>
  (await errorsOf(source)).map(({ code, path, message, hint }) => [code, path, message, hint].join(' | '));
const pipeline = (id: string, ...stages: StageSketch[]) => ({ id, title: id, stages });

describe('recognises', () => {
  test.each([
    ['a file of pipelines', '{"pipelines": []}', true],
    ['one with comments', '/* a */ {\n// b\n"pipelines": []}', true],
    ['no plan', '{"plan_id": "a", "version": "1.0", "steps": []}', false],
    ['no broken plan that speaks of pipelines', '{"plan_id": "a", "pipelines": 1}', false],
    ['no list', '[{"pipelines": []}]', false],
    ['no inner key', '{"a": {"pipelines": []}}', false],
    ['nothing', '', false],
    ['no bytes', new Uint8Array([0, 255, 1]), false],
  ])('%s', async (_what, text, expected) => {
    expect((await read(text)).format).toBe(expected ? 'pipelines' : undefined);
  });

  test('comments of a plan are errors as ever', async () => {
    expect(await told('{ // a\n"plan_id": "a"}')).toEqual([expect.stringMatching(/^syntax_error/)]);
  });
});

describe('JSON with comments', () => {
  test('is accepted, and places stay where they are', async () => {
    const text = `{ // the "first"
  /* of
     all */ "pipelines": [{"id": "p", "stages": [{"kind": "comand", "id": "a", "command": "echo // no comment"}]}]
}`;
    expect(await errorsOf(text)).toEqual([
      {
        code: 'invalid_value',
        severity: 'error',
        message: "'kind' must be one of command, subpipeline, stage-set, not 'comand'",
        hint: "did you mean 'command'?",
        path: 'pipelines[0].stages[0].kind',
        file: 'codex.orchestrator.json',
        line: 3,
        column: 59,
      },
    ]);
  });

  test('a comment that is not closed is an error', async () => {
    expect((await told('{"pipelines": [ /* ]}'))[0]).toMatch(/^syntax_error/);
  });

  test('a file that is no text, or empty, is told as a plan is', async () => {
    expect((await told(new Uint8Array([0x7b, 0xff, 0x7d])))[0]).toMatch(/^not_text/);
    expect((await told(' \n'))[0]).toMatch(/^empty_plan/);
    expect((await told('{"pipelines": [], "pipelines": []}'))[0]).toMatch(/^duplicate_key/);
  });
});

describe('a mistyped kind is an error, and no call of the default pipeline', () => {
  test.each([
    ['comand', "did you mean 'command'?"],
    ['sub-pipeline', "did you mean 'subpipeline'?"],
    ['stageset', "did you mean 'stage-set'?"],
    ['agent', ''],
    ['', ''],
  ])('%s', async (kind, hint) => {
    expect(await told(one({ kind, id: 'a' }))).toEqual([
      `invalid_value | pipelines[0].stages[0].kind | 'kind' must be one of command, subpipeline, stage-set, not '${kind}' | ${hint}`,
    ]);
  });

  test('no kind at all', async () => {
    expect(await told(one({ id: 'a', command: 'b' }))).toEqual([
      "missing_key | pipelines[0].stages[0].kind | 'kind' is missing in 'stages[0]' | ",
    ]);
  });
});

describe('refuses', () => {
  test.each<[string, unknown, string[]]>([
    [
      'a pipeline without stages',
      { pipelines: [pipeline('p')] },
      ["out_of_range | pipelines[0].stages | 'stages' must not be empty | "],
    ],
    ['no pipelines', { pipelines: [] }, ["out_of_range | pipelines | 'pipelines' must not be empty | "]],
    [
      'pipelines that are no list',
      { pipelines: {} },
      ["wrong_type | pipelines | 'pipelines' must be a list, not a map | "],
    ],
    [
      'a text for a boolean',
      one(command('a', { allowFailure: 'false' })),
      [
        "wrong_type | pipelines[0].stages[0].allowFailure | 'allowFailure' must be true or false, not a string | write it without quotes",
      ],
    ],
    [
      'a number in env',
      one(command('a', { env: { N: 1 } })),
      ['wrong_type | pipelines[0].stages[0].env.N | \'N\' must be a string, not a number | put it in quotes: "1"'],
    ],
    [
      'an execution mode that means nothing',
      one(command('a', { executionMode: 'clodu' })),
      [
        "invalid_value | pipelines[0].stages[0].executionMode | 'clodu' is not an execution mode | did you mean 'cloud'?",
      ],
    ],
    [
      'a pipeline id that is there twice, also by case',
      { pipelines: [pipeline('p', command('a')), pipeline('P', command('a'))] },
      [
        "duplicate_id | pipelines[1].id | the pipeline id 'P' differs from 'p' only by case | give each its own id: runs are continued, and logs are found, by it",
      ],
    ],
    [
      'a stage id that is there twice',
      one(command('a'), command('a')),
      [
        "duplicate_id | pipelines[0].stages[1].id | duplicate stage id 'a' | give each its own id: runs are continued, and logs are found, by it",
      ],
    ],
    [
      'a stage set that does not exist',
      { ...one({ kind: 'stage-set', ref: 'biuld' }), stageSets: { build: [command('a')] } },
      ["unknown_stage_set | pipelines[0].stages[0].ref | there is no stage set 'biuld' | did you mean 'build'?"],
    ],
    [
      'a stage set named like what every object has',
      one({ kind: 'stage-set', ref: 'constructor' }),
      [
        "unknown_stage_set | pipelines[0].stages[0].ref | there is no stage set 'constructor' | the file has no stageSets",
      ],
    ],
    [
      'a stage set within a stage set',
      { ...one({ kind: 'stage-set', ref: 's' }), stageSets: { s: [{ kind: 'stage-set', ref: 's' }] } },
      [
        "nested_stage_set | stageSets.s[0].ref | a stage set cannot hold the stage set 's' | write its stages here, or name both sets in the pipeline",
      ],
    ],
    [
      'a pipeline that does not exist',
      one(sub('a', 'q')),
      ["unknown_pipeline | pipelines[0].stages[0].pipeline | there is no pipeline 'q' | there is 'p'"],
    ],
    [
      'a default pipeline that does not exist',
      { ...one(command('a')), defaultPipeline: 'pp' },
      ["unknown_pipeline | defaultPipeline | there is no pipeline 'pp' | did you mean 'p'?"],
    ],
    [
      'a pipeline that runs itself',
      one(sub('a', 'p')),
      [
        'recursive_pipeline | pipelines[0].stages[0].pipeline | this pipeline runs itself, endlessly: p → p | remove one of these stages',
      ],
    ],
  ])('%s', async (_what, source, expected) => {
    expect(await told(source)).toEqual(expected);
  });

  test('pipelines that codex-orchestrator brings along, and says what is to be done', async () => {
    const hint = "codex-orchestrator brings it along, orch does not: copy its stages into the file, or run 'p'";
    const missing = {
      code: 'unknown_pipeline',
      severity: 'error',
      message: "there is no pipeline 'diagnostics'",
      hint,
    };
    const sources = [one(sub('a', 'diagnostics')), { ...one(command('a')), defaultPipeline: 'diagnostics' }];
    for (const source of sources) expect(await errorsOf(source)).toMatchObject([missing]);
    expect(await errorsOf(one(command('a')), { pipeline: 'hi-fi-design-toolkit' })).toMatchObject([{ hint }]);
    const two = { pipelines: [pipeline('p', command('a')), pipeline('q', command('a'))] };
    expect(await errorsOf(two)).toMatchObject([
      { hint: expect.stringContaining("The 'diagnostics' that codex-orchestrator brings along is not part of orch") },
    ]);
  });

  test('pipelines that run each other, by a stage set too, with every edge of the circle', async () => {
    const source = {
      pipelines: [
        pipeline('a', sub('to-b', 'b')),
        pipeline('b', { kind: 'stage-set', ref: 's' }),
        pipeline('c', sub('to-a', 'a', { optional: true })),
      ],
      stageSets: { s: [sub('to-c', 'c')] },
      defaultPipeline: 'a',
    };
    expect(await errorsOf(source)).toMatchObject([
      {
        code: 'recursive_pipeline',
        message: 'these pipelines run each other, endlessly: a → b → c → a',
        related: [
          { message: "stage 'to-b' of 'a' runs 'b'", path: 'pipelines[0].stages[0].pipeline' },
          { message: "stage 'to-c' of 'b' runs 'c'", path: 'stageSets.s[0].pipeline' },
          { message: "stage 'to-a' of 'c' runs 'a'", path: 'pipelines[2].stages[0].pipeline' },
        ],
      },
    ]);
  });

  test('pipelines that are nested too deep, at the stage that goes too far', async () => {
    const pipelines = Array.from({ length: 12 }, (_, n) =>
      pipeline(`p${n}`, n === 11 ? command('end') : sub('next', `p${n + 1}`)),
    );
    expect(await errorsOf({ pipelines, defaultPipeline: 'p0' })).toMatchObject([
      { code: 'sub_plan_limit', path: 'pipelines[10].stages[0].pipeline', file: 'codex.orchestrator.json' },
    ]);
  });

  test.each(['', '.', '..', '../x', 'a/../b', 'a\u0000', 'a\nb', '__proto__', 'a'.repeat(200)])(
    'the hostile id %j, of a stage and of a pipeline',
    async (id) => {
      expect((await read(one(command(id)))).loaded.ok).toBe(false);
      expect((await read({ pipelines: [pipeline(id, command('a'))] })).loaded.ok).toBe(false);
    },
  );
});

describe('warns, and goes on', () => {
  test.each<[string, unknown, string[]]>([
    [
      'of a misspelt key',
      one(command('a', { alowFailure: true })),
      ["unknown_key | pipelines[0].stages[0].alowFailure | unknown key 'alowFailure' | did you mean 'allowFailure'?"],
    ],
    [
      'of a key that nobody knows',
      one(command('a', { banana: 1 })),
      [
        "unknown_key | pipelines[0].stages[0].banana | unknown key 'banana' | it has no effect: remove it, or name it 'x-banana'",
      ],
    ],
    [
      'of a pipeline that an optional stage names, and nobody has',
      one(sub('a', 'q', { optional: true })),
      [
        "unknown_pipeline | pipelines[0].stages[0].pipeline | there is no pipeline 'q': the stage is skipped | there is 'p'",
      ],
    ],
    [
      'of ids that are no names of folders',
      { pipelines: [pipeline('@scope/pkg', command('build:web'))] },
      [
        "invalid_id | pipelines[0].id | the pipeline id '@scope/pkg' is not a valid folder name | its plan is called 'scope-pkg'",
        "invalid_id | pipelines[0].stages[0].id | the stage id 'build:web' is not a valid folder name | its step is called 'build-web'",
      ],
    ],
    [
      'of what a set repeats of its pipeline',
      { ...one(command('a'), { kind: 'stage-set', ref: 's' }), stageSets: { s: [command('a')] } },
      [
        "duplicate_id | pipelines[0].stages[1] | duplicate stage id 'a': a stage of this set has it | here its step has a number behind its id",
      ],
    ],
  ])('%s', async (_what, source, expected) => {
    expect(await told(source)).toEqual(expected);
    expect((await read(source)).loaded.ok).toBe(true);
  });
});

test('everything that is wrong is told at once, in the order of places', async () => {
  const source = one(command('a', { cwd: 1 }), { kind: 'x' }, sub('b', 'nobody'));
  expect((await errorsOf(source)).map(({ code }) => code)).toEqual(['wrong_type', 'invalid_value', 'unknown_pipeline']);
});

test('an unknown key at the top is warned of; x-keys and $schema are free', async () => {
  const source = { ...one(command('a', { 'x-note': 1 })), $schema: 's', 'x-top': 1, owner: 'me' };
  expect(await errorsOf(source)).toMatchObject([{ code: 'unknown_key', severity: 'warning', path: 'owner' }]);
});

test('whatever a file holds, it is answered, and what is accepted is valid', async () => {
  const junk = fc.oneof(fc.jsonValue(), fc.constantFrom('command', 'subpipeline', 'stage-set', 'p', 's', true, null));
  const stage = fc.dictionary(
    fc.constantFrom('kind', 'id', 'command', 'pipeline', 'ref', 'env', 'cwd', 'title', 'optional', 'summaryHint'),
    junk,
  );
  const file = fc.record(
    {
      pipelines: fc.oneof(junk, fc.array(fc.record({ id: junk, stages: fc.oneof(junk, fc.array(stage)) }))),
      stageSets: fc.oneof(junk, fc.dictionary(fc.string(), fc.array(stage))),
      defaultPipeline: junk,
    },
    { requiredKeys: ['pipelines'] },
  );
  await fc.assert(
    fc.asyncProperty(file, async (source) => {
      const { loaded } = await read(source);
      if (!loaded.ok) expect(loaded.error.length).toBeGreaterThan(0);
    }),
    { numRuns: 1000 },
  );
});

test('an object in the place of a text is told of, whatever it says of its own form as text', async () => {
  const object = { toString: false };
  const source = {
    pipelines: [
      { id: object, title: 'p', stages: [{ kind: 'command', id: object, command: 'true' }] },
      { id: 'q', title: 'q', stages: [{ kind: 'subpipeline', id: 's', pipeline: object }] },
      { id: 'r', title: 'r', stages: [{ kind: 'stage-set', ref: object }] },
    ],
  };
  expect((await errorsOf(source)).map(({ code, path }) => `${code} ${path}`)).toEqual(
    expect.arrayContaining([
      'wrong_type pipelines[0].id',
      'wrong_type pipelines[0].stages[0].id',
      'wrong_type pipelines[1].stages[0].pipeline',
      'wrong_type pipelines[2].stages[0].ref',
    ]),
  );
});
