import { describe, expect, test } from 'vitest';
import { loadPlanText, renderDiagnostics } from '../../../src/plan/index.js';
import { brief, planOf, refuse } from '../sample.js';

test('a template in the text of a script is warned of, and those of others are let be', () => {
  const plan = planOf(
    [
      '  - {id: a, command: "echo ${{ inputs.X }}", shell: true}',
      '  - {id: b, command: sh, args: [-c, "echo ${{ prev.a.status }}"], depends_on: [a]}',
      '  - {id: c, step_def: {type: shell, script: "echo ${{ run.id }}"}}',
      '  - {id: d, step_def: {type: powershell, script: "echo ${{ env.X }}"}}',
      '  - {id: e, step_def: {type: agent, agent: codex, prompt: x, verify: [{run: "test ${{env.X}}"}]}}',
      '  - {id: f, command: "echo \'${{ github.ref }}\' > ci.yml", shell: true}',
      '',
    ].join('\n'),
    'inputs: {X: {type: string}}\n',
  );
  const loaded = loadPlanText(plan);
  expect(loaded.ok && brief(loaded.value.diagnostics)).toEqual([
    '5:22 template_in_script steps[0].command',
    '6:37 template_in_script steps[1].args[1]',
    '7:45 template_in_script steps[2].step_def.script',
    '8:50 template_in_script steps[3].step_def.script',
    '9:77 template_in_script steps[4].step_def.verify[0].run',
  ]);
});

describe('every mistake is told at its place', () => {
  test.each<[title: string, text: string, expected: string[]]>([
    ['a misspelt key', planOf('  - {id: a, comand: x}\n'), ['4:13 unknown_key steps[0].comand']],
    [
      'an object that has no form as text where a name belongs',
      'plan_id: a\nversion: "1.0"\nglobals: {agents: {a: {permissions: read}}}\nsteps:\n  - {id: a, step_def: {type: agent, agent: {toString: 1}, prompt: x}}\n',
      ['5:44 wrong_type steps[0].step_def.agent'],
    ],
    ['a text where a list belongs', planOf('  - {id: a, command: x, args: b}\n'), ['4:31 wrong_type steps[0].args']],
    [
      'a language without quotes',
      'plan_id: a\nlanguage: 1.0\nsteps: [{id: a, command: x}]\n',
      ['2:11 unsupported_version language'],
    ],
    [
      'a language of tomorrow',
      'plan_id: a\nlanguage: "9"\nsteps: [{id: a, command: x}]\n',
      ['2:11 unsupported_version language'],
    ],
    ['no steps', 'plan_id: a\nversion: "1.0"\nsteps: []\n', ['3:8 out_of_range steps']],
    ['missing keys', 'plan_id: null\n', ['1:1 missing_key steps', '1:10 missing_key plan_id']],
    ['a step that is none', planOf('  - 7\n'), ['4:5 wrong_type steps[0]']],
    ['a bad id', planOf('  - {id: a b, command: x}\n'), ['4:10 invalid_id steps[0].id']],
    [
      'a timeout of zero',
      planOf('  - {id: a, command: x, timeout_sec: 0}\n'),
      ['4:38 out_of_range steps[0].timeout_sec'],
    ],
    [
      'a timeout in words',
      planOf('  - {id: a, command: x, timeout_sec: five minutes}\n'),
      ['4:38 wrong_type steps[0].timeout_sec'],
    ],
    [
      'too many at once',
      planOf('  - {id: a, command: x}\n', 'globals: {max_concurrency: 1001}\n'),
      ['3:28 out_of_range globals.max_concurrency'],
    ],
    ['half a retry', planOf('  - {id: a, command: x, retries: 1.5}\n'), ['4:34 wrong_type steps[0].retries']],
    [
      'an unknown choice',
      planOf('  - {id: a, command: x, on_failure: stop}\n'),
      ['4:37 invalid_value steps[0].on_failure'],
    ],
    [
      'an unknown kind of step',
      planOf('  - {id: a, step_def: {type: comand}}\n'),
      ['4:30 invalid_value steps[0].step_def.type'],
    ],
    [
      'two actions',
      planOf('  - {id: a, command: x, step_def: {type: noop}}\n'),
      ['4:13 conflicting_keys steps[0].command'],
    ],
    [
      'two scripts',
      planOf('  - {id: a, step_def: {type: shell, script: x, script_file: y}}\n'),
      ['4:48 conflicting_keys steps[0].step_def.script_file'],
    ],
    [
      'two timeouts',
      planOf('  - {id: a, timeout_sec: 1, step_def: {type: shell, script: x, timeout_sec: 2}}\n'),
      ['4:13 conflicting_keys steps[0].timeout_sec'],
    ],
    [
      'a list and nothing in env',
      planOf('  - {id: a, command: x, env: {LIST: [80], NONE: null}}\n'),
      ['4:37 wrong_type steps[0].env.LIST', '4:49 wrong_type steps[0].env.NONE'],
    ],
    [
      'a bad name in env',
      planOf('  - {id: a, command: x, env: {"A=B": x}}\n'),
      ['4:31 invalid_name steps[0].env["A=B"]'],
    ],
    [
      'a bad name of an input',
      planOf('  - {id: a, command: x}\n', 'inputs: {my-branch: {}}\n'),
      ['3:10 invalid_name inputs.my-branch'],
    ],
    [
      'a default of another type',
      planOf('  - {id: a, command: x}\n', 'inputs: {n: {type: integer, default: x}}\n'),
      ['3:38 wrong_type inputs.n.default'],
    ],
    [
      'a default that enum refuses',
      planOf('  - {id: a, command: x}\n', 'inputs: {n: {enum: [a], default: x}}\n'),
      ['3:34 invalid_value inputs.n.default'],
    ],
    ['an id twice', planOf('  - {id: a, command: x}\n  - {id: a, command: x}\n'), ['5:10 duplicate_id steps[1].id']],
    [
      'an id twice but for case',
      planOf('  - {id: a, command: x}\n  - {id: A, command: x}\n'),
      ['5:10 duplicate_id steps[1].id'],
    ],
    [
      'an unknown dependency',
      planOf('  - {id: a, command: x, depends_on: [b]}\n'),
      ['4:38 unknown_dependency steps[0].depends_on[0]'],
    ],
    [
      'a step that waits for itself',
      planOf('  - {id: a, command: x, depends_on: [a]}\n'),
      ['4:38 self_dependency steps[0].depends_on[0]'],
    ],
    [
      'a dependency twice',
      planOf('  - {id: a, command: x}\n  - {id: b, command: x, depends_on: [a, a]}\n'),
      ['5:41 duplicate_dependency steps[1].depends_on[1]'],
    ],
    [
      'nobody provides',
      planOf('  - {id: a, command: x, consumes: [q]}\n'),
      ['4:36 unknown_resource steps[0].consumes[0]'],
    ],
    [
      'two provide',
      planOf(
        '  - {id: a, command: x, provides: [q]}\n  - {id: b, command: x, provides: [q]}\n  - {id: c, command: x, consumes: [q]}\n',
      ),
      ['6:36 ambiguous_resource steps[2].consumes[0]'],
    ],
    [
      'malformed templates',
      planOf('  - {id: a, command: x, args: ["${}", "${A", "${A:-${B}}"]}\n'),
      [
        '4:32 malformed_template steps[0].args[0]',
        '4:39 malformed_template steps[0].args[1]',
        '4:46 malformed_template steps[0].args[2]',
      ],
    ],
    ['a key twice', 'plan_id: a\nplan_id: b\n', ['2:1 duplicate_key -']],
    ['a key twice in JSON', '{"plan_id": "a",\n "plan_id": "b"}', ['2:2 duplicate_key -']],
    ['a comma too many in JSON', '{"plan_id": "a",\n}', ['2:1 syntax_error -']],
    ['a comment in JSON', '{"plan_id": "a" // x\n}', ['1:17 syntax_error -']],
    ['a list', '- a\n', ['1:1 not_a_plan -']],
    ['two documents', 'a: 1\n---\nb: 2\n', ['2:1 multiple_documents -']],
    ['a tag', 'plan_id: !!binary aGk=\n', ['1:19 unsupported_yaml -']],
    ['a number that JSON lacks', 'plan_id: .inf\n', ['1:10 unsupported_yaml -']],
    ['an alias of nothing', 'plan_id: *a\n', ['1:10 unsupported_yaml -']],
  ])('%s', (_, text, expected) => {
    expect(brief(refuse(text))).toEqual(expected);
  });
});

describe('what this version does not act on is refused, not ignored', () => {
  test.each([
    ['[a, b, a]', ['4:39 invalid_value steps[0].locks[2]']],
    ["['']", ['4:33 out_of_range steps[0].locks[0]']],
    [`[${'x'.repeat(129)}]`, ['4:33 out_of_range steps[0].locks[0]']],
  ])('locks: %s are no locks', (locks, expected) => {
    expect(brief(refuse(planOf(`  - {id: a, command: x, locks: ${locks}}\n`)))).toEqual(expected);
  });

  test('a value that is the default anyway, or none, is let pass', () => {
    const step = '{id: a, command: x, foreach: null, locks: null, run_once: false, max_output_bytes: 1073741824}';
    expect(loadPlanText(planOf(`  - ${step}\n`, 'globals: {locks: [], secrets: {}}\n')).ok).toBe(true);
  });
});

describe('keys of somebody else', () => {
  const text = planOf(
    '  - {id: a, command: x, x-note: 1, ui_hints: {x-y: 1}}\n',
    'doc_id: 3\n$schema: x\nx-more: {}\n',
  );

  test('are free with x-, and only a warning at the top', () => {
    const loaded = loadPlanText(text, { file: 'plan.yaml' });
    expect(loaded.ok && loaded.value.diagnostics).toEqual([
      {
        code: 'unknown_key',
        severity: 'warning',
        message: "unknown key 'doc_id'",
        file: 'plan.yaml',
        line: 3,
        column: 1,
        path: 'doc_id',
        hint: "put it under metadata, or name it 'x-doc_id'",
      },
    ]);
  });

  test('are an error with strict', () => {
    const loaded = loadPlanText(text, { strict: true });
    expect(!loaded.ok && brief(loaded.error)).toEqual(['3:1 unknown_key doc_id']);
  });

  test('are an error at the top too where they resemble a known one', () => {
    expect(brief(refuse(planOf('  - {id: a, command: x}\n', 'globas: {}\n')))).toEqual(['3:1 unknown_key globas']);
  });
});

test('a cycle is told edge by edge, with what is consumed', () => {
  const steps = [
    '  - {id: a, command: x, depends_on: [c]}',
    '  - {id: b, command: x, depends_on: [a], provides: [lib]}',
    '  - {id: c, command: x, consumes: [lib]}\n',
  ];
  const text = planOf(steps.join('\n'));
  expect(renderDiagnostics(refuse(text, 'plan.yaml'), text)).toBe(
    [
      "plan.yaml:4:38: error[dependency_cycle]: these steps depend on each other: 'a' → 'c' → 'b' → 'a'",
      '  4 |   - {id: a, command: x, depends_on: [c]}',
      '    |                                      ^',
      "  plan.yaml:4:38: 'a' waits for 'c'",
      "  plan.yaml:6:36: 'c' consumes 'lib' of 'b'",
      "  plan.yaml:5:38: 'b' waits for 'a'",
      '  hint: remove one of these dependencies',
      '',
      '1 error',
    ].join('\n'),
  );
});

test('all that is wrong comes at once, in the order of places', () => {
  const text = planOf(
    '  - {id: a, command: x, timout_sec: 3, depends_on: [b]}\n  - {id: b, command: x, depends_on: [a, c]}\n',
  );
  expect(brief(refuse(text))).toEqual([
    '4:25 unknown_key steps[0].timout_sec',
    '4:53 dependency_cycle steps[0].depends_on[0]',
    '5:41 unknown_dependency steps[1].depends_on[1]',
  ]);
});

test('no more than a hundred are shown, and the rest is counted', () => {
  const text = JSON.stringify({ plan_id: 'a', version: '1.0', steps: Array.from({ length: 5000 }, () => ({})) });
  const found = refuse(text);
  expect(found).toHaveLength(101);
  // Each of the steps lacks its id and its action.
  expect(found.at(-1)).toMatchObject({ code: 'too_many_diagnostics', message: 'and 9900 more', line: 1, column: 1 });
});

test('a place behind an alias is where the value is written', () => {
  const text = planOf('  - {id: a, command: x, <<: *d}\n', 'x-d: &d {retries: x}\n');
  expect(brief(refuse(text))).toEqual(['3:19 wrong_type steps[0].retries']);
});
