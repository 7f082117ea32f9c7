import { describe, expect, test } from 'vitest';
import { loadPlanText } from '../../../src/plan/index.js';

type Json = Record<string, unknown>;

/** Codes and places of what a plan is warned of. */
function warnings(plan: Json): string[] {
  const loaded = loadPlanText(JSON.stringify({ plan_id: 'p', version: '1.0', ...plan }));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value.diagnostics.map(({ code, path }) => `${code} ${path}`);
}
const step = (more: Json): Json => ({ steps: [{ id: 'a', command: 'true', ...more }] });
const http = (more: Json): Json => ({
  steps: [{ id: 'a', step_def: { type: 'http', url: 'https://example.org', ...more } }],
});
const inScript = (script: string): Json => ({ steps: [{ id: 'a', step_def: { type: 'shell', script } }] });
const TOKENS = [
  `ghp_${'aB3'.repeat(12)}`,
  'xoxb-123456789012-abcdef',
  'AKIAIOSFODNN7EXAMPLE',
  `sk_live_${'a1'.repeat(12)}`,
];

describe('what looks like a secret is warned of', () => {
  test.each(TOKENS)('the token %s, wherever it stands', (token) => {
    expect(warnings(step({ args: ['--header', `x: ${token}`] }))).toEqual(['secret_in_plan steps[0].args[1]']);
    expect(warnings(step({ env: { X: token } }))).toEqual(['secret_in_plan steps[0].env.X']);
    expect(warnings({ ...step({}), metadata: { note: token } })).toEqual(['secret_in_plan metadata.note']);
    expect(warnings({ ...step({}), inputs: { X: { default: token } } })).toEqual(['secret_in_plan inputs.X.default']);
  });

  test.each<[string, Json, string]>([
    ['a private key', step({ stdin: '-----BEGIN RSA PRIVATE KEY-----\nMII' }), 'steps[0].stdin'],
    ['a URL with a password', step({ args: ['postgres://ann:hunter2@db/x'] }), 'steps[0].args[0]'],
    ['a variable', step({ env: { DB_PASSWORD: 'hunter2' } }), 'steps[0].env.DB_PASSWORD'],
    ['a variable of all steps', { ...step({}), globals: { env: { API_KEY: 'hunter2' } } }, 'globals.env.API_KEY'],
    ['a header', http({ headers: { Authorization: 'Bearer abcdef' } }), 'steps[0].step_def.headers.Authorization'],
    ['another header', http({ headers: { 'X-Api-Key': 'abcdef' } }), 'steps[0].step_def.headers.X-Api-Key'],
    [
      'a body',
      http({ method: 'POST', body: { auth: { accessToken: 'abcdef' } } }),
      'steps[0].step_def.body.auth.accessToken',
    ],
    ['an option', step({ args: ['--password=hunter2'] }), 'steps[0].args[0]'],
    ['an option and its argument', step({ args: ['--api-key', 'hunter2'] }), 'steps[0].args[1]'],
    ['a script', inScript('export PGPASSWORD=x\nMYSQL_PASSWORD="hunter2" mysql'), 'steps[0].step_def.script'],
    ['an option in a script', inScript('mysql --password hunter2'), 'steps[0].step_def.script'],
  ])('%s', (_what, plan, path) => {
    expect(warnings(plan)).toEqual([`secret_in_plan ${path}`]);
  });

  test('inputs that are called like one, of plans and of approvals', () => {
    const approval = { id: 'b', step_def: { type: 'approval', inputs: { token: {} } } };
    expect(
      warnings({
        inputs: { PASSWORD: { required: true }, CLIENT_SECRET: {} },
        steps: [{ id: 'a', command: 'true' }, approval],
      }),
    ).toEqual([
      'secret_input inputs.PASSWORD',
      'secret_input inputs.CLIENT_SECRET',
      'secret_input steps[1].step_def.inputs.token',
    ]);
  });

  test('without a word of the value, and with the way that keeps it', () => {
    const loaded = loadPlanText(
      'plan_id: p\nversion: "1.0"\nsteps: [{id: a, command: "true", env: {DB_PASSWORD: hunter2}}]\n',
    );
    expect(loaded.ok && loaded.value.diagnostics).toEqual([
      {
        code: 'secret_in_plan',
        severity: 'warning',
        path: 'steps[0].env.DB_PASSWORD',
        line: 3,
        column: expect.any(Number),
        message: "this looks like the value of DB_PASSWORD, and a plan is stored in plain text in the run's history",
        hint: 'declare it under secrets, from a variable, a file or a command of the worker, and write ${{ secrets.NAME }}',
      },
    ]);
  });
});

test.each<[string, Json]>([
  ['secrets that are declared', step({ secrets: { TOKEN: { env: 'TOKEN' } }, env: { TOKEN: '${{ secrets.TOKEN }}' } })],
  ['headers made of them', { ...http({ secrets: undefined, headers: { Authorization: 'Bearer ${TOKEN:-}' } }) }],
  [
    'places and numbers of secrets',
    step({ env: { TOKEN_FILE: '/run/t', PASSWORD_LENGTH: '12', MAX_TOKENS: '4000', API_KEY: '/run/key' } }),
  ],
  ['switches and placeholders', step({ env: { TOKEN: 'none', PASSWORD: '', SECRET: '<yours>', API_KEY: 'your-key' } })],
  [
    'variables in scripts',
    inScript('PASSWORD="$(pass show db)" TOKEN=$T run --token "$TOKEN" --password=$P --secret-file /x'),
  ],
  [
    'URLs',
    step({
      args: [
        'https://example.org:8080/a@b',
        'ssh://git@example.org/x',
        'http://ann:${PW:-}@host/',
        'user:pass@example',
      ],
    }),
  ],
  [
    'prose',
    {
      ...step({ description: 'The password: ask Ann. Set TOKEN= before. A token is sk-8.' }),
      metadata: { risk: 'risk-assessment-of-the-thing' },
    },
  ],
  ['pages of an API', http({ method: 'POST', body: { next_token: 'abcdef', pageToken: 'abcdef', tokens: 'many' } })],
  [
    'inputs of other kinds',
    { ...step({}), inputs: { TOKEN_COUNT: {}, KEEP_PASSWORD: { type: 'boolean' }, SECRETARY: {} } },
  ],
  ['aliases', { ...step({}), globals: { env_aliases: { RUN_TOKEN: 'ORCH_RUN_ID' } } }],
])('ordinary text is not: %s', (_what, plan) => {
  expect(warnings(plan)).toEqual([]);
});

test('any number of warnings leaves a plan valid', () => {
  const env = Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`X${i}`, TOKENS[0]!]));
  expect(warnings(step({ env })).length).toBeGreaterThan(100);
});

describe('a template in code is warned of', () => {
  test.each<[string, string[], number]>([
    ['python', ['-c', 'print("${{ inputs.X }}")'], 1],
    ['python3.12', ['-I', '-c', 'print("${X:-}")', 'more ${X:-}'], 2],
    ['node', ['-e', '`${{ inputs.X }}`'], 1],
    ['node', ['--import', 'tsx', '--eval', '`${X:-}`'], 3],
    ['node', ['--eval=f("${X:-}")'], 0],
    ['/usr/bin/perl', ['-wne', 'print "${X:-}"', 'file'], 1],
    ['ruby', ['-rjson', '-e', 'puts "${X:-}"'], 2],
    ['php', ['-r', 'echo "${X:-}";'], 1],
    ['deno', ['eval', '--ext=ts', 'f("${X:-}")'], 2],
    ['bun', ['-e', 'f("${X:-}")'], 1],
    ['osascript', ['-e', 'say "${X:-}"'], 1],
    ['awk', ['-v', 'x=${X:-}', '$$1 == "${X:-}"', 'file'], 2],
    ['sed', ['-i', 's/a/${X:-}/', 'file'], 1],
    ['sed', ['-n', '-e', 's/a/${X:-}/'], 2],
    ['env', ['A=b', 'python', '-c', 'print("${X:-}")'], 3],
    ['docker', ['run', 'node:20', 'node', '-e', 'f("${X:-}")'], 4],
    ['su', ['ann', '-c', 'echo ${X:-}'], 2],
    ['ssh', ['-p', '22', 'host', 'echo', '${X:-}'], 4],
  ])('%s %j', (command, args, place) => {
    const plan = { inputs: { X: { default: 'x' } }, ...step({ command, args }) };
    expect(warnings(plan)).toEqual([`template_in_code steps[0].args[${place}]`]);
    const def = { inputs: plan.inputs, steps: [{ id: 'a', step_def: { type: 'command', command, args } }] };
    expect(warnings(def)).toEqual([`template_in_code steps[0].step_def.args[${place}]`]);
  });

  test.each<[string, string[]]>([
    ['python', ['script.py', '-c', '${X:-}']],
    ['python', ['-m', 'pytest', '-c', '${X:-}']],
    ['python', ['-c', 'import sys; print(sys.argv)', '${X:-}']],
    ['node', ['-e', 'f(`$${x}`)', '${X:-}']],
    ['awk', ['-f', 'prog.awk', '${X:-}']],
    ['sed', ['-f', 'prog.sed', '${X:-}']],
    ['git', ['-c', 'user.name=${X:-}', 'commit']],
    ['sh', ['-c', 'echo ${X:-}']],
    ['ssh', ['${X:-}']],
    ['echo', ['-e', '${X:-}']],
  ])('and what is none is not: %s %j', (command, args) => {
    expect(warnings(step({ command, args }))).toEqual([]);
  });
});
