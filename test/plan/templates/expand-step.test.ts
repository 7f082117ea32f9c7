import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  conditionValues,
  expandStep,
  ExpressionError,
  missingNames,
  namesIn,
  type CommandAction,
  type Json,
} from '../../../src/plan/index.js';
import { scriptArguments } from '../../../src/plan/templates/shell-scripts.js';
import { fillTemplate } from '../../../src/plan/templates/template-text.js';
import { load, planOf } from '../sample.js';

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
  expect(expand(0)).toMatchObject({
    action: { type: 'command', command: 'echo', args: ['b-main', '3', '/home'], shell: false, stdin: '3' },
    env: { ROOT: '/r', BRANCH: 'b-main', HOME: '/home', OTHER: 'o', N: '3' },
    cwd: ['/r', 'sub/b-main'],
    locks: [],
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

const VALUES = {
  prev: {
    a: {
      status: 'success',
      exit_code: 0,
      attempts: 1,
      outputs: { n: 3, tool: 'node', list: [1, 'x'], code: '$(rm) `x` ${HOME}' },
    },
  },
  run: { id: 'demo-1', attempt: 2 },
};

/** A plan whose second step is this one. */
function planWith(keys: string) {
  return load(
    planOf(
      `  - {id: a, command: x}\n  - {id: b, depends_on: [a], ${keys}}\n`,
      'inputs: {n: {type: integer, default: 7}}\nglobals: {cwd: "/w/${{ run.id }}", env: {G: "g${{ run.attempt }}", N: "${{ env.n }}"}}\n',
    ),
  );
}

function expandWith(keys: string, values: typeof VALUES | null = VALUES) {
  const plan = planWith(keys);
  const context = { inputs: { n: 7 }, env: { HOME: '/h' }, ...(values === null ? {} : { values }) };
  return expandStep(plan, plan.steps[1]!, context);
}

/** The locks of a step whose only one has a name of that many characters. */
function locksNamed(size: number): string[] {
  return expandWith(`command: x, env: {L: ${'n'.repeat(size - 1)}}, locks: ["\${L}\${{ inputs.n }}"]`).locks;
}

describe('expressions of a step are worked out', () => {
  test('in command, args, env, cwd and stdin, from the layer of the environment that they stand in', () => {
    const keys = [
      'command: "${{ prev.a.outputs.tool }}"',
      'args: ["n=${{ prev.a.outputs.n + inputs.n }}", "${{ prev.a.outputs.list }}", "${{ env.E }}", "$${{ x }}"]',
      'env: {E: "${{ env.G }}!", G: own}',
      'cwd: "${{ env.E }}"',
      'stdin: "${{ env.MISSING }}|${HOME}"',
    ];
    expect(expandWith(keys.join(', '))).toMatchObject({
      action: {
        type: 'command',
        command: 'node',
        args: ['n=10', '[1,"x"]', 'g2!', '${{ x }}'],
        shell: false,
        stdin: '|/h',
      },
      env: { HOME: '/h', n: '7', G: 'own', N: '7', E: 'g2!' },
      cwd: ['/w/demo-1', 'g2!'],
      locks: [],
    });
  });

  test('in http and PowerShell', () => {
    expect(
      expandWith(
        'step_def: {type: http, url: "http://h/${{ run.id }}", method: "p${{ \'ut\' }}", headers: {A: "${{ 1 }}"}, body: {"${{ 1 }}": ["${HOME}", "${{ true }}", 5, null]}}',
      ).action,
    ).toMatchObject({
      url: 'http://h/demo-1',
      method: 'PUT',
      headers: { A: '1' },
      body: { '${{ 1 }}': ['/h', true, 5, null] },
    });
    expect(
      expandWith('step_def: {type: powershell, script: "${{ x }}", args: {A: "${{ run.id }}", B: true}}').action,
    ).toMatchObject({ script: '${{ x }}', args: { A: 'demo-1', B: true } });
  });

  test('not where code of a shell stands, and what they give is not read again', () => {
    expect(expandWith('command: sh, args: [-c, "${{ oops }}", "${{ prev.a.outputs.code }}"]').action).toMatchObject({
      args: ['-c', '${{ oops }}', '$(rm) `x` ${HOME}'],
    });
    const tool = expandWith('command: "${{ prev.a.outputs.tool }}", args: [-c, "${{ oops }}"]');
    expect(tool.action).toMatchObject({ command: 'node', args: ['-c', '${{ oops }}'] });
    const shown = expandWith('command: cmd, args: ["${{ run.id }}", /c, "${{ oops }}"]');
    expect(shown.action).toMatchObject({ args: ['demo-1', '/c', '${{ oops }}'] });
  });

  test('not while the plan is only shown', () => {
    expect(expandWith('command: "${{prev.a.outputs.tool}} ${HOME}"', null)).toMatchObject({
      action: { command: '${{prev.a.outputs.tool}} /h' },
      cwd: ['/w/${{ run.id }}'],
    });
  });

  test('a lock has a name of at most 512 characters', () => {
    expect(locksNamed(512)).toEqual([`${'n'.repeat(511)}7`]);
    expect(() => locksNamed(513)).toThrow('the name of a lock may have at most 512 characters, not 513');
  });

  test('and one that fails says which and why', () => {
    let thrown: unknown;
    try {
      expandWith('command: "${{ prev.a.outputs.nothing }}"');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ExpressionError);
    expect(thrown).toMatchObject({
      name: 'ExpressionError',
      message:
        "the expression 'prev.a.outputs.nothing' failed: prev.a.outputs.nothing has no value; has(prev.a.outputs.nothing) checks for one",
    });
  });
});

test('conditions see the environment of their step', () => {
  const plan = planWith('command: x, env: {E: "${{ env.G }}!"}');
  const values = conditionValues(plan, plan.steps[1]!, { inputs: { n: 7 }, env: { HOME: '/h' }, values: VALUES });
  expect(values).toEqual({ ...VALUES, inputs: { n: 7 }, env: { HOME: '/h', n: '7', G: 'g2', N: '7', E: 'g2!' } });
});

test('names that expressions read are taken along, and are not missing', () => {
  const plan = planWith(
    'command: "${{ env.TOOL }}", condition: "env.DRY == \'1\' && env.G == \'x\'", env: {DRY: "${{ env.DRY }}"}',
  );
  expect(namesIn(plan).toSorted()).toEqual(['DRY', 'TOOL']);
  expect(missingNames(plan, { inputs: {}, env: {} })).toEqual([]);
});

test('a rendered value keeps every character', () => {
  const plan = planWith('command: x, args: ["${{ prev.a.outputs.v }}"]');
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const values = { prev: { a: { ...VALUES.prev.a, outputs: { v: value as Json } } }, run: VALUES.run };
      const { action } = expandStep(plan, plan.steps[1]!, { inputs: { n: 7 }, env: {}, values });
      const [arg] = (action as CommandAction).args;
      if (typeof value === 'string') expect(arg).toBe(value);
      else expect(JSON.parse(arg!)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
