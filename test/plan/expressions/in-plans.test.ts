import { describe, expect, test } from 'vitest';
import { loadPlanText, outputsRead, stepConditions } from '../../../src/plan/index.js';
import { brief, load, planOf, refuse } from '../sample.js';

/** Three steps in a row, a fallback of the second, a step beside them, and a last one with these keys. */
function planWith(keys: string, more = ''): string {
  const steps = [
    '  - {id: a, command: x}',
    '  - {id: b, command: x, depends_on: [a], provides: [lib], fallback_step: spare}',
    '  - {id: spare, command: x}',
    '  - {id: beside, command: x}',
    `  - {id: last, consumes: [lib], ${keys}}\n`,
  ];
  return planOf(steps.join('\n'), `inputs: {mode: {}}\n${more}`);
}

describe('a condition', () => {
  test.each([
    "prev.b.status == 'success'",
    "prev.a.outputs.n > 3 && prev['b'].exit_code == 0",
    "inputs.mode == 'fast' || env.DRY_RUN == '1'",
    'run.attempt == 1',
    'has(prev.a.outputs.flag)',
  ])('%s is let pass', (text) => {
    const plan = load(planWith(`command: x, condition: ${JSON.stringify(text)}, skip_if: [${JSON.stringify(text)}]`));
    const { condition, skip_if } = stepConditions(plan.steps[4]!);
    expect(condition!.text).toBe(text);
    expect(skip_if).toEqual([condition]);
  });

  test.each([
    ['', 'expression_syntax'],
    ['prev.b.status =', 'expression_syntax'],
    ['prev.b.status', 'expression_type'],
    ["prev.bb.status == 'success'", 'unknown_step_in_expression'],
    ["prev.b.state == 'success'", 'unknown_property'],
    ["prev.beside.status == 'success'", 'not_an_ancestor'],
    ["prev.spare.status == 'success'", 'not_an_ancestor'],
    ["prev.last.status == 'success'", 'not_an_ancestor'],
    ["inputs.modus == 'fast'", 'unknown_name'],
    ["prev[env.S].status == 'success'", 'computed_step'],
    ['inputs[env.S] == 1', 'computed_name'],
    ['item == 1', 'item_outside_foreach'],
    ['now() == 1', 'unknown_function'],
    [`env.A == '${'x'.repeat(9000)}'`, 'expression_too_long'],
    ["__import__('os')", 'unknown_function'],
    ["prev.a.__class__ == ''", 'unknown_property'],
  ])('%s is refused', (text, code) => {
    const found = refuse(planWith(`command: x, condition: ${JSON.stringify(text)}`));
    expect(brief(found)).toEqual([`9:56 ${code} steps[4].condition`]);
  });

  test('is told with its place, in a list as well', () => {
    expect(brief(refuse(planWith('command: x, skip_if: "1"')))).toEqual(['9:54 expression_type steps[4].skip_if']);
    const list = refuse(planWith('command: x, skip_if: ["true", "prev.x.attempts == 1"]'));
    expect(brief(list)).toEqual(['9:63 unknown_step_in_expression steps[4].skip_if[1]']);
    expect(refuse(planWith('command: x, condition: "1 +* 2"'))[0]!.message).toMatch(/\(character 4\)$/);
  });

  test('that is no text is told once', () => {
    expect(brief(refuse(planWith('command: x, condition: [true], skip_if: [[]]')))).toEqual([
      '9:56 wrong_type steps[4].condition',
      '9:74 wrong_type steps[4].skip_if[0]',
    ]);
  });
});

/** A condition that reads a step. */
function conditionOn(id: string): string {
  return `condition: "prev.${id}.status == 'success'"`;
}

function planWithFallback(read: string): string {
  return planOf(
    `  - {id: a, command: x}\n  - {id: b, command: x, depends_on: [a], fallback_step: f}\n  - {id: f, command: x, ${conditionOn(read)}}\n  - {id: c, command: x}\n`,
  );
}

function planWithFinally(read: string): string {
  return planOf(
    '  - {id: a, command: x}\n',
    `finally: [{id: x, command: x}, {id: y, command: x, depends_on: [x]}, {id: z, command: x, depends_on: [y], ${conditionOn(read)}}, {id: w, command: x}]\n`,
  );
}

function planWithGlobal(expression: string): string {
  return planOf('  - {id: a, command: x}\n', `globals: {env: {A: "\${{ ${expression} }}"}}\n`);
}

describe('what an expression can read', () => {
  test('a fallback: its owner, and what comes before that', () => {
    for (const id of ['a', 'b']) expect(loadPlanText(planWithFallback(id)).ok).toBe(true);
    expect(refuse(planWithFallback('c')).map((each) => each.code)).toEqual(['not_an_ancestor']);
  });

  test('what waits for a fallback: also the owner, which has failed before or needs none', () => {
    const steps = `  - {id: b, command: x, fallback_step: f}\n  - {id: f, command: x}\n  - {id: c, command: x, depends_on: [f], ${conditionOn('b')}}\n`;
    expect(loadPlanText(planOf(steps)).ok).toBe(true);
  });

  test('a finally step: all main steps, and the finally steps before it', () => {
    for (const id of ['a', 'x', 'y']) expect(loadPlanText(planWithFinally(id)).ok).toBe(true);
    expect(brief(refuse(planWithFinally('w'))).map((line) => line.split(' ').slice(1))).toEqual([
      ['not_an_ancestor', 'finally[2].condition'],
    ]);
  });

  test('globals: no step at all', () => {
    expect(loadPlanText(planWithGlobal('run.id + env.HOME')).ok).toBe(true);
    expect(brief(refuse(planWithGlobal('prev.a.status')))).toEqual(['3:20 not_an_ancestor globals.env.A']);
  });

  test('a misspelt dependency is told once, not again for what reads it', () => {
    const steps = `  - {id: build, command: x}\n  - {id: c, command: x, depends_on: [biuld], ${conditionOn('build')}}\n`;
    expect(refuse(planOf(steps)).map((each) => each.code)).toEqual(['unknown_dependency']);
  });
});

describe('an expression in a templated text', () => {
  test.each<[keys: string, path: string]>([
    ['command: "${{ oops }}"', 'command'],
    ['command: x, args: [a, "b ${{ oops }}"]', 'args[1]'],
    ['command: x, env: {A: "${{ oops }}"}', 'env.A'],
    ['command: x, cwd: "${{ oops }}"', 'cwd'],
    ['command: x, stdin: "${{ oops }}"', 'stdin'],
    ['step_def: {type: shell, script: x, stdin: "${{ oops }}"}', 'step_def.stdin'],
    ['step_def: {type: powershell, script: x, args: ["${{ oops }}"]}', 'step_def.args[0]'],
    ['step_def: {type: powershell, script: x, args: {A: "${{ oops }}"}}', 'step_def.args.A'],
    ['step_def: {type: http, url: "${{ oops }}"}', 'step_def.url'],
    ['step_def: {type: http, url: "http://h", method: "${{ oops }}"}', 'step_def.method'],
    ['step_def: {type: http, url: "http://h", headers: {A: "${{ oops }}"}}', 'step_def.headers.A'],
    ['step_def: {type: http, url: "http://h", method: PUT, body: {a: ["${{ oops }}"]}}', 'step_def.body.a[0]'],
  ])('{%s} is checked', (keys, path) => {
    expect(brief(refuse(planWith(keys))).map((line) => line.split(' ').slice(1))).toEqual([
      ['unknown_name', `steps[4].${path}`],
    ]);
  });

  test.each([
    'command: "x ${{ oops }}", shell: true',
    'command: sh, args: [-c, "${{ oops }}"]',
    'step_def: {type: shell, script: "${{ oops }}"}',
    'step_def: {type: powershell, script: "${{ oops }}"}',
    'command: "$${{ oops }}"',
    'step_def: {type: approval, message: "${{ oops }}"}',
  ])('{%s} is text', (keys) => {
    expect(loadPlanText(planWith(keys)).ok).toBe(true);
  });

  test.each(['${{ prev.a.status', '${A:-${{ inputs.mode }}}', '${{ "}}" '])('%s is malformed', (text) => {
    const found = refuse(planWith(`command: ${JSON.stringify(text)}`));
    expect(found.map((each) => each.code)).toEqual(['malformed_template']);
  });
});

test('the outputs that a plan reads are known, and those of a fallback with its owner', () => {
  const plan = load(
    planWith(
      'command: "${{ prev.a.outputs.tool }}", args: ["${{ prev.a.outputs[\'stdout\'] }}"], condition: "has(prev.b.outputs.n)"',
      'finally: [{id: z, command: x, skip_if: "prev.beside.outputs.x == 1 || prev.last.status == \'failed\'"}]\n',
    ),
  );
  expect(outputsRead(plan)).toEqual(
    new Map([
      ['a', new Set(['tool', 'stdout'])],
      ['b', new Set(['n'])],
      ['spare', new Set(['n'])],
      ['beside', new Set(['x'])],
    ]),
  );
});

test('ten thousand steps that each read another far one are checked at once', () => {
  const steps = Array.from({ length: 10_000 }, (_, index) => ({
    id: `s${index}`,
    command: 'x',
    ...(index === 0
      ? {}
      : {
          depends_on: [`s${index - 1}`],
          condition: `prev.s${Math.floor(index / 2)}.status == 'success'`,
          skip_if: [`prev.s${index - 1}.status == 'failed'`],
        }),
  }));
  const started = performance.now();
  expect(loadPlanText(JSON.stringify({ plan_id: 'a', version: '1.0', steps })).ok).toBe(true);
  // A second on a quiet machine; this finds what grows with the square.
  expect(performance.now() - started).toBeLessThan(60_000);
});

test('ten thousand wrong expressions, and a megabyte of right ones, are refused soon', () => {
  const wrong = Array.from({ length: 10_000 }, (_, index) => ({
    id: `s${index}`,
    command: 'x',
    condition: `prev.t${index}.status == 'a' && inputs.i${index} == 1`,
  }));
  const long = Array.from({ length: 2000 }, (_, index) => ({
    id: `s${index}`,
    command: 'x',
    condition: Array.from({ length: 200 }, (_, part) => `env.A${index}_${part} == 'x'`).join('||'),
  }));
  for (const [steps, code] of [
    [wrong, 'unknown_step_in_expression'],
    [long, 'expression_too_long'],
  ] as const) {
    const started = performance.now();
    const [first] = refuse(JSON.stringify({ plan_id: 'a', version: '1.0', steps }));
    expect(first!.code).toBe(code);
    expect(performance.now() - started).toBeLessThan(60_000);
  }
});
