import { describe, expect, test } from 'vitest';
import { expandStep } from '../../../src/plan/index.js';
import { brief, load, planOf, refuse } from '../sample.js';

const globals = 'globals:\n  env: {G: "${{ secrets.TOKEN }}"}\n  secrets: {TOKEN: {env: T}}\n';
const codesOf = (step: string): string[] =>
  brief(refuse(planOf(`  - {id: a, ${step}}\n`, globals))).map((line) => line.replace(/^\S+ /, ''));

describe('a secret is declared with exactly one source', () => {
  test.each([
    ['{TOKEN: {}}', ['missing_key steps[0].secrets.TOKEN']],
    ['{TOKEN: {env: A, file: b}}', ['conflicting_keys steps[0].secrets.TOKEN']],
    ['{"a b": {env: A}}', ['invalid_name steps[0].secrets["a b"]']],
    ['{TOKEN: {vault: A}}', expect.arrayContaining(['unknown_key steps[0].secrets.TOKEN.vault'])],
    ['{TOKEN: text}', ['wrong_type steps[0].secrets.TOKEN']],
  ])('%s', (secrets, expected) => {
    expect(codesOf(`command: x, secrets: ${secrets}`)).toEqual(expected);
  });
});

describe('a secret stands only where nobody but the step sees it', () => {
  test.each([
    ['command: x, args: ["${{ secrets.TOKEN }}"]', ['misplaced_secret steps[0].args[0]']],
    ['command: "${{ secrets.TOKEN }}"', ['misplaced_secret steps[0].command']],
    ['command: sh, args: [-c, "echo ${{ secrets.TOKEN }}"]', ['misplaced_secret steps[0].args[1]']],
    ['command: "echo ${{ secrets.TOKEN }}", shell: true', ['misplaced_secret steps[0].command']],
    ['command: x, cwd: "${{ secrets.TOKEN }}"', ['misplaced_secret steps[0].cwd']],
    ['command: x, locks: ["${{ secrets.TOKEN }}"]', ['misplaced_secret steps[0].locks[0]']],
    ['step_def: {type: shell, script: "a ${{secrets.TOKEN}}"}', ['misplaced_secret steps[0].step_def.script']],
    ['command: x, args: ["${G}"]', ['misplaced_secret steps[0].args[0]']],
    ['command: x, env: {A: "${G}"}', ['misplaced_secret steps[0].env.A']],
    ['command: x, condition: "env.G == \'x\'"', ['misplaced_secret steps[0].condition']],
    ['command: x, env: {A: "${{ env.G }}"}', ['misplaced_secret steps[0].env.A']],
    ['command: x, env: {A: "${{ secrets.TOKNE }}"}', ['unknown_secret steps[0].env.A']],
    [
      'command: x, env: {A: "${{ secrets.TOKEN + \'x\' }}"}',
      expect.arrayContaining([expect.stringContaining('steps[0].env.A')]),
    ],
  ])('%s', (step, expected) => {
    expect(codesOf(step)).toEqual(expected);
  });

  test('the diagnostic says where to put it', () => {
    const [found] = refuse(planOf('  - {id: a, command: x, args: ["${{ secrets.TOKEN }}"]}\n', globals));
    expect(found).toMatchObject({
      message: "a secret cannot be used in 'args'",
      hint: expect.stringContaining('put it into env'),
    });
  });
});

test('a worker is told where secrets go; nothing that comes from outside is taken for the name of one', () => {
  const step = {
    stdin: '$${A} ${A}${{ secrets.TOKEN }}\\n',
    env: '{X: "pre-${{ secrets.TOKEN }}-${A}", Y: "${A}"}',
  };
  const plan = load(planOf(`  - {id: a, command: x, stdin: "${step.stdin}", env: ${step.env}}\n`, globals));
  const forged = '${{ secrets.TOKEN }}';
  const { secrets, env } = expandStep(plan, plan.steps[0]!, { inputs: {}, env: { A: forged } });
  expect(secrets).toEqual([
    { path: ['env', 'G'], parts: [{ secret: 'TOKEN' }] },
    { path: ['env', 'X'], parts: ['pre-', { secret: 'TOKEN' }, `-${forged}`] },
    { path: ['action', 'stdin'], parts: [`\${A} ${forged}`, { secret: 'TOKEN' }, '\n'] },
  ]);
  expect(env).toMatchObject({ G: '${{ secrets.TOKEN }}', Y: forged });
});

test('in an http step they may be in the url, headers and body', () => {
  const def = `{type: http, method: POST, url: "http://h/?k=\${{ secrets.TOKEN }}", headers: {Authorization: "Bearer \${{ secrets.TOKEN }}"}, body: {a: ["\${{ secrets['TOKEN'] }}"]}}`;
  const plan = load(
    planOf(`  - {id: a, step_def: ${def}}\n`, globals.replace('  env: {G: "${{ secrets.TOKEN }}"}\n', '')),
  );
  const { secrets } = expandStep(plan, plan.steps[0]!, { inputs: {}, env: {} });
  expect(secrets.map(({ path }) => path.join('.'))).toEqual([
    'action.url',
    'action.headers.Authorization',
    'action.body.a.0',
  ]);
  expect(plan.steps[0]!.secrets).toEqual({ TOKEN: { env: 'T' } });
});
