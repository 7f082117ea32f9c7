import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandStep, missingNames, namesIn } from '../../src/plan/index.js';
import { scriptArguments } from '../../src/plan/shell-words.js';
import { fillTemplate } from '../../src/plan/template-text.js';
import { load, planOf } from './sample.js';

const lookUp = (name: string): string | undefined =>
  new Map([
    ['A', 'one'],
    ['EMPTY', ''],
  ]).get(name);

describe('a templated text', () => {
  test.each([
    ['${A}', 'one'],
    ['x${A}y${A}', 'xoneyone'],
    ['${B:-two}', 'two'],
    ['${A:-two}', 'one'],
    ['${EMPTY:-two}', 'two'],
    ['${B:-}', ''],
    ['$${A}', '${A}'],
    ['$$', '$'],
    ['$$$', '$$'],
    ['$A costs 5$', '$A costs 5$'],
    ['$(date)', '$(date)'],
    ['${', '${'],
    ['${}', '${}'],
  ])('%s becomes %s', (text, expected) => {
    expect(fillTemplate(text, lookUp)).toBe(expected);
  });

  test('without $ stays as it is, and values are never read again', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (value, around) => {
        const plain = around.replaceAll('$', '');
        expect(fillTemplate(plain, () => value)).toBe(plain);
        expect(fillTemplate(`${plain}\${A}${plain}`, () => value)).toBe(`${plain}${value}${plain}`);
      }),
    );
  });
});

describe('code of a shell is found', () => {
  test.each<[string, string[], number[]]>([
    ['sh', ['-c', 'x', 'y'], [1]],
    ['/bin/bash', ['-lc', 'x'], [1]],
    ['bash', ['-euo', 'pipefail', '-c', 'x', 'y'], [3]],
    ['bash', ['-ce', 'x'], [1]],
    ['bash', ['-c', '-e', 'x'], [2]],
    ['bash', ['-c', '--', '-x'], [2]],
    ['bash', ['--rcfile', 'f', '-c', 'x'], [3]],
    ['bash', ['script.sh', '-c', 'x'], []],
    ['bash', ['-e', 'script.sh'], []],
    ['busybox', ['sh', '-c', 'x'], [2]],
    ['env', ['A=b', 'bash', '-c', 'x'], [3]],
    ['${SHELL}', ['-c', 'x'], [1]],
    ['fish', ['--command', 'x'], [1]],
    ['fish', ['--command=x'], [0]],
    ['cmd.exe', ['/d', '/c', 'x', 'y'], [2, 3]],
    ['pwsh', ['-NoProfile', '-Command', 'x', 'y'], [2, 3]],
    ['pwsh', ['-File', 'x.ps1', '-c', 'y'], []],
    ['pwsh', ['x.ps1', 'y'], []],
    ['powershell', ['x', 'y'], [0, 1]],
    ['grep', ['-c', 'x'], []],
    ['python3', ['-c', 'x'], []],
  ])('%s %j', (command, args, scripts) => {
    expect([...scriptArguments(command, args)]).toEqual(scripts);
  });

  test('a flag that comes from a template hides nothing', () => {
    expect([...scriptArguments('bash', ['${FLAG}', 'echo ${X}'], (word) => word.replace('${FLAG}', '-c'))]).toEqual([
      1,
    ]);
  });
});

const PLAN = planOf(
  `  - id: a
    command: \${TOOL:-echo}
    args: ["\${BRANCH}", "\${N}", "\${HOME}"]
    cwd: sub/\${BRANCH}
    stdin: "\${N}"
    env: {BRANCH: "b-\${BRANCH}"}
  - {id: b, command: sh, args: [-c, 'echo "\${NOPE}"', "\${N}"]}
  - {id: c, command: 'echo \${NOPE} $$', shell: true, args: ["\${BRANCH}"]}
  - {id: d, step_def: {type: shell, script: "echo \${NOPE}"}}
  - {id: e, step_def: {type: command, command: x, args: ["\${HOME}/\${OTHER}"]}}
`,
  'inputs: {N: {type: integer, default: 3}}\nglobals: {cwd: "${ROOT}", env: {BRANCH: "${BRANCH}"}}\n',
);

test('what a run should take along are the names that nothing in the plan provides', () => {
  expect(namesIn(load(PLAN)).toSorted()).toEqual(['BRANCH', 'HOME', 'OTHER', 'ROOT', 'TOOL']);
});

test('missing names are told all at once, each with every place that uses it', () => {
  const found = missingNames(load(PLAN), { inputs: { N: 3 }, env: { ROOT: '/r' } });
  expect(found.map((each) => [each.message, each.path, each.related?.map((other) => other.path)])).toEqual([
    ['${BRANCH} has no value', 'globals.env.BRANCH', undefined],
    ['${HOME} has no value', 'steps[0].args[2]', ['steps[4].step_def.args[0]']],
    ['${OTHER} has no value', 'steps[4].step_def.args[0]', undefined],
  ]);
});

test('a step is filled in from its env, then globals.env, inputs and what was taken along', () => {
  const plan = load(PLAN);
  const context = { inputs: { N: 3 }, env: { ROOT: '/r', BRANCH: 'main', HOME: '/home', OTHER: 'o' } };
  const expand = (index: number) => expandStep(plan, plan.steps[index]!, context);
  expect(expand(0)).toEqual({
    action: { type: 'command', command: 'echo', args: ['b-main', '3', '/home'], shell: false, stdin: '3' },
    env: { ROOT: '/r', BRANCH: 'b-main', HOME: '/home', OTHER: 'o', N: '3' },
    cwd: ['/r', 'sub/b-main'],
  });
  expect(expand(1).action).toMatchObject({ args: ['-c', 'echo "${NOPE}"', '3'] });
  expect(expand(2).action).toMatchObject({ command: 'echo ${NOPE} $$', args: ['main'] });
  expect(expand(3).action).toEqual({ type: 'shell', script: 'echo ${NOPE}' });
});

test('no value becomes code, and none loses a character', () => {
  const plan = load(planOf('  - {id: a, command: sh, args: [-c, "echo ${V}", "${V}"], env: {E: "${V}"}}\n'));
  fc.assert(
    fc.property(fc.string(), (value) => {
      const { action, env } = expandStep(plan, plan.steps[0]!, { inputs: {}, env: { V: value } });
      expect(action).toMatchObject({ args: ['-c', 'echo ${V}', value] });
      expect(env['E']).toBe(value);
    }),
  );
});
