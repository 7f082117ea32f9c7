import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { callCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir, uniqueId } from '../support/plans.js';

/**
 * What people get wrong first, and all that they are told. Each message must say what is wrong, where (with the line of the
 * plan), and what to type instead, on one screen, without a stack: what is changed here is read as its user reads it.
 */
const dir = tempDir();
const orch = (...args: string[]): Promise<CliResult> => callCli(args, { cwd: dir });

function write(name: string, text: string): string {
  writeFileSync(path.join(dir, name), text);
  return name;
}

/** What `orch run` says of a plan that it does not start. */
async function refused(name: string, text: string): Promise<string> {
  const { code, stdout, stderr } = await orch('run', write(name, text));
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.split('\n').length).toBeLessThan(45);
  return stderr;
}

/** One message about a plan, as it is shown. */
function one(place: string, code: string, message: string, line: string, caret: string, hint: string): string {
  const number = place.split(':')[1]!;
  return `${place}: error[${code}]: ${message}\n  ${number} | ${line}\n  ${' '.repeat(number.length)} | ${caret}\n  hint: ${hint}\n`;
}

describe('the text of a plan', () => {
  test('an entry of a list that is indented too far', async () => {
    const text = 'plan_id: a\nsteps:\n  - id: a\n    command: "true"\n   - id: b\n    command: "true"\n';
    const said = one(
      'indent.yaml:5:4',
      'syntax_error',
      'this line is indented by 3 spaces, and nothing above it is',
      '   - id: b',
      '   ^',
      'indent it by 2 spaces, like the entry in line 3',
    );
    expect(await refused('indent.yaml', text)).toBe(`${said}\n1 error\n`);
  });

  test.each([
    ['too little', '  command: x', 2],
    ['too much', '      command: x', 6],
  ])('a key of a step that is indented %s', async (_, line, by) => {
    const said = one(
      `key.yaml:4:${by + 1}`,
      'syntax_error',
      `this line is indented by ${by} spaces, and nothing above it is`,
      line,
      `${' '.repeat(by)}^^^^^^^`,
      'indent it by 4 spaces, like the key in line 3',
    );
    expect(await refused('key.yaml', `plan_id: a\nsteps:\n  - id: a\n${line}\n`)).toBe(`${said}\n1 error\n`);
  });

  test('text with a colon that is not in quotes', async () => {
    const said = one(
      'colon.yaml:3:18',
      'syntax_error',
      'nested mappings are not allowed in compact mappings',
      '    description: hi there: you',
      '                 ^^',
      "put text that holds ': ' in quotes, and check the indentation",
    );
    const text = 'plan_id: a\nsteps: [{ id: a, command: x }]\n    description: hi there: you\n';
    expect(await refused('colon.yaml', text.replace('    description', 'metadata:\n    description'))).toBe(
      `${said.replaceAll('3:18', '4:18').replace('  3 |', '  4 |')}\n1 error\n`,
    );
  });

  test('a tab', async () => {
    const text = 'plan_id: a\nsteps:\n  - id: a\n\tcommand: x\n\tshell: true\n';
    const hint = 'indent with spaces; YAML allows no tabs there';
    const said = one('tab.yaml:4:1', 'syntax_error', 'tabs are not allowed as indentation', '→command: x', '^', hint);
    expect(await refused('tab.yaml', text)).toBe(`${said}\n1 error\n`);
  });

  test('JSON with a trailing comma', async () => {
    const text = '{\n  "plan_id": "a",\n  "steps": [\n    { "id": "a", "command": "x" },\n  ]\n}\n';
    const message = 'nothing follows the comma before this bracket';
    const hint = 'JSON allows no comma after the last entry';
    const said = one('comma.json:5:3', 'syntax_error', message, '  ]', '  ^', hint);
    expect(await refused('comma.json', text)).toBe(`${said}\n1 error\n`);
  });

  test('a key that is there twice', async () => {
    const text = 'plan_id: a\nsteps:\n  - id: a\n    command: "true"\n    command: "false"\n';
    expect(await refused('twice.yaml', text)).toBe(`twice.yaml:5:5: error[duplicate_key]: duplicate key 'command'
  5 |     command: "false"
    |     ^^^^^^^
  twice.yaml:4:5: first used here
  hint: remove one of the two

1 error
`);
  });

  test('an empty file', async () => {
    expect(await refused('empty.yaml', '')).toBe(`empty.yaml:1:1: error[empty_plan]: the file contains no plan
  hint: a plan has plan_id and steps; \`orch init\` writes a first one

1 error
`);
  });
});

describe('what a plan says', () => {
  test('= in an expression', async () => {
    const text = `plan_id: a
inputs: { TIER: {} }
steps:
  - id: a
    command: x
    condition: inputs.TIER = 'prod'
`;
    const said = one(
      'equal.yaml:6:16',
      'expression_syntax',
      "unexpected character '=' (character 13)",
      "    condition: inputs.TIER = 'prod'",
      `${' '.repeat(15)}^^^^^^^^^^^`,
      'write == to compare',
    );
    expect(await refused('equal.yaml', text)).toBe(`${said}\n1 error\n`);
  });

  test('a misspelled key is told once, and nothing that follows from it', async () => {
    const text = 'plan_id: a\nsteps:\n  - { id: a, comand: x }\n  - { id: b, command: x, dependson: [a] }\n';
    const first = one(
      'keys.yaml:3:14',
      'unknown_key',
      "unknown key 'comand'",
      '  - { id: a, comand: x }',
      '             ^^^^^^',
      "did you mean 'command'?",
    );
    const second = one(
      'keys.yaml:4:26',
      'unknown_key',
      "unknown key 'dependson'",
      '  - { id: b, command: x, dependson: [a] }',
      '                         ^^^^^^^^^',
      "did you mean 'depends_on'?",
    );
    expect(await refused('keys.yaml', text)).toBe(`${first}\n${second}\n2 errors\n`);
  });

  test('a cycle', async () => {
    const text = `plan_id: a
steps:
  - { id: a, command: x, depends_on: [c] }
  - { id: b, command: x, depends_on: [a] }
  - { id: c, command: x, depends_on: [b] }
`;
    expect(await refused('cycle.yaml', text))
      .toBe(`cycle.yaml:3:39: error[dependency_cycle]: these steps depend on each other: 'a' → 'c' → 'b' → 'a'
  3 |   - { id: a, command: x, depends_on: [c] }
    |                                       ^
  cycle.yaml:3:39: 'a' waits for 'c'
  cycle.yaml:5:39: 'c' waits for 'b'
  cycle.yaml:4:39: 'b' waits for 'a'
  hint: remove one of these dependencies

1 error
`);
  });

  test('the keys of GitHub Actions, at the top', async () => {
    const text = 'name: CI\non: push\njobs:\n  build:\n    steps:\n      - run: npm test\n';
    expect(await refused('actions.yaml', text)).toBe(`actions.yaml:1:1: error[missing_key]: 'plan_id' is missing
  1 | name: CI
    | ^^^^
  hint: write plan_id: NAME; runs of the plan are named after it

actions.yaml:1:1: error[missing_key]: 'steps' is missing
  1 | name: CI
    | ^^^^
  hint: write a list: steps: [{id: NAME, command: PROGRAM}]

actions.yaml:1:1: error[unknown_key]: unknown key 'name'
  1 | name: CI
    | ^^^^
  hint: a plan is named by plan_id, and described by description

actions.yaml:2:1: error[unknown_key]: unknown key 'on'
  2 | on: push
    | ^^
  hint: write schedule: {cron: …} for set times; orch starts nothing on other events

actions.yaml:3:1: error[unknown_key]: unknown key 'jobs'
  3 | jobs:
    | ^^^^
  hint: write a list \`steps\`, each with an id

5 errors
`);
  });

  test('the keys of GitHub Actions, in steps: each says what it is called here', async () => {
    const text = `plan_id: a
steps:
  - name: build
    run: npm run build
  - id: test
    needs: [build]
    run: npm test
  - uses: actions/checkout@v4
`;
    const told = await refused('steps.yaml', text);
    expect(told).toBe(`steps.yaml:3:5: error[missing_key]: 'id' is missing in this step
  3 |   - name: build
    |     ^^^^
  hint: write id: NAME; other steps name it in depends_on

steps.yaml:4:5: error[unknown_key]: unknown key 'run'
  4 |     run: npm run build
    |     ^^^
  hint: write command and \`shell: true\`, or step_def: {type: shell, script: …}

steps.yaml:6:5: error[unknown_key]: unknown key 'needs'
  6 |     needs: [build]
    |     ^^^^^
  hint: write depends_on

steps.yaml:7:5: error[unknown_key]: unknown key 'run'
  7 |     run: npm test
    |     ^^^
  hint: write command and \`shell: true\`, or step_def: {type: shell, script: …}

steps.yaml:8:5: error[missing_key]: 'id' is missing in this step
  8 |   - uses: actions/checkout@v4
    |     ^^^^
  hint: write id: NAME; other steps name it in depends_on

steps.yaml:8:5: error[unknown_key]: unknown key 'uses'
  8 |   - uses: actions/checkout@v4
    |     ^^^^
  hint: write step_def: {type: plan, plan: FILE}

6 errors
`);
  });

  test('steps by their names', async () => {
    const text = 'plan_id: a\nsteps:\n  build:\n    run: make\n  test:\n    needs: build\n';
    const said = one(
      'map.yaml:3:3',
      'wrong_type',
      "'steps' must be a list, not a map",
      '  build:',
      '  ^^^^^',
      'write each as an entry of a list: - id: build',
    );
    expect(await refused('map.yaml', text)).toBe(`${said}\n1 error\n`);
  });

  test('attempts that another tool counts', async () => {
    const text = 'plan_id: a\nsteps:\n  - { id: a, command: x, retry: { attempts: 2 } }\n';
    const said = one(
      'retry.yaml:3:35',
      'unknown_key',
      "unknown key 'attempts'",
      '  - { id: a, command: x, retry: { attempts: 2 } }',
      '                                  ^^^^^^^^',
      'write retries on the step, beside retry: the executions after the first',
    );
    expect(await refused('retry.yaml', text)).toBe(`${said}\n1 error\n`);
  });
});

describe('the command line', () => {
  beforeAll(() => {
    write('plan.yaml', 'plan_id: flags\nsteps:\n  - { id: a, command: "true" }\n  - { id: b, command: "true" }\n');
    write('tier.yaml', 'plan_id: tier\ninputs:\n  TIER: { required: true }\nsteps: [{ id: a, command: "true" }]\n');
    write('values.json', '{"TIER": "x"}');
    mkdirSync(path.join(dir, 'plans'));
    mkdirSync(path.join(dir, 'none'));
    writeFileSync(path.join(dir, 'plans', 'gate.yaml'), 'plan_id: gate\nsteps: [{ id: a, command: "true" }]\n');
  });

  test('flags before the plan are those of the command', async () => {
    const { code, stderr } = await orch('run', '--only', 'b', 'plan.yaml');
    expect(code).toBe(0);
    expect(stderr).toMatch(/skipped +a +not_selected\n/);
  });

  test.each<[string[], string]>([
    [
      ['--only', 'b', 'run', 'plan.yaml'],
      "error[usage]: '--only' is an option of a command, and belongs after it\n  hint: did you mean `orch run --only b plan.yaml`?\n",
    ],
    [['run', '--only', 'b'], "error: missing required argument 'plan'\n  hint: usage: orch run [options] <plan>\n"],
    [['plan.yaml'], "error[usage]: 'plan.yaml' is a file, not a command\n  hint: did you mean `orch run plan.yaml`?\n"],
    [['rnu', 'plan.yaml'], "error: unknown command 'rnu'\n  hint: did you mean run?\n"],
    [
      ['run', 'plan.yaml', '--inputz', 'x'],
      "error: unknown option '--inputz'\n  hint: did you mean --input or --inputs?\n",
    ],
    [
      ['run', 'tier.yaml', '--inputs', 'value.json'],
      "error[usage]: --inputs value.json: the file was not found\n  hint: did you mean 'values.json'?\n",
    ],
    [
      ['run', 'tier.yaml', '--inputs', 'plans/nothing-like-it.json'],
      `error[usage]: --inputs plans/nothing-like-it.json: the file was not found\n  hint: the path is relative to ${dir}\n`,
    ],
    [
      ['run', 'tier.yaml'],
      `tier.yaml:3:9: error[missing_input]: the input 'TIER' has no value
  3 |   TIER: { required: true }
    |         ^
  hint: give it with --input TIER=VALUE

1 error
`,
    ],
    [
      ['run', 'plans'],
      `plans:1:1: error[not_a_file]: this is a folder; give a plan in JSON or YAML
  hint: it holds plans/gate.yaml

1 error
`,
    ],
    [
      ['run', 'plans/gate.yml'],
      `plans/gate.yml:1:1: error[file_not_found]: there is no such file
  hint: did you mean 'plans/gate.yaml'?

1 error
`,
    ],
    [
      ['run', 'plans/nothing-like-it.yaml'],
      `plans/nothing-like-it.yaml:1:1: error[file_not_found]: there is no such file
  hint: there is plans/gate.yaml

1 error
`,
    ],
    [
      ['validate', 'none/gate.yaml'],
      `none/gate.yaml:1:1: error[file_not_found]: there is no such file
  hint: there are no plans in ${path.join(dir, 'none')}

1 error
`,
    ],
  ])('%j', async (args, said) => {
    expect(await orch(...args)).toEqual({ code: 2, stdout: '', stderr: said });
  });
});

describe('runs and their steps', () => {
  const id = uniqueId('scored');
  beforeAll(async () => {
    const text = `plan_id: ${id}
steps:
  - { id: build, shell: true, command: "exit 3" }
  - { id: release, depends_on: [build], trigger_rule: all_done, step_def: { type: approval } }
`;
    const { code } = await orch(
      'start',
      write('open.yaml', text.replace('command: "exit 3"', 'command: "true"')),
      '--id',
      id,
    );
    expect(code).toBe(0);
  });

  test.each<[string[], string]>([
    [
      ['status', 'nosuchrun'],
      "error[run_not_found]: There is no run 'nosuchrun'\n  hint: `orch list` shows the runs\n",
    ],
    [
      ['watch', `${id}x`],
      `error[run_not_found]: There is no run '${id}x'\n  hint: did you mean '${id}'? \`orch list\` shows the runs\n`,
    ],
    [['explain', id, 'biuld'], "error[refused]: The plan has no step 'biuld'; did you mean 'build'?\n"],
    [['explain', id, 'nothing'], "error[refused]: The plan has no step 'nothing'; it has build, release\n"],
    [['approve', id, 'relaese'], "error[refused]: The plan has no step 'relaese'; did you mean 'release'?\n"],
    [['approve', id, 'nothing'], "error[refused]: The plan has no step 'nothing'; it has build, release\n"],
    [
      ['logs', id, 'biuld'],
      `error[step_not_found]: The run '${id}' has no step 'biuld'\n  hint: did you mean 'build'?\n`,
    ],
    [['explain', id], "error: missing required argument 'step'\n  hint: usage: orch explain [options] <run> <step>\n"],
  ])('%j', async (args, said) => {
    expect(await orch(...args)).toEqual({ code: 2, stdout: '', stderr: said });
  });

  test('a secret that is missing: where it was looked for, and what helps', async () => {
    const text = `plan_id: secret
globals: { secrets: { TOKEN: { env: NO_SUCH_TOKEN } } }
steps:
  - { id: a, shell: true, command: "true", env: { T: "\${{ secrets.TOKEN }}" } }
`;
    const { code, stdout } = await orch('run', write('secret.yaml', text));
    expect(code).toBe(1);
    expect(stdout).toContain(
      "  failed  a: the secret 'TOKEN' is missing: NO_SUCH_TOKEN is not set in the environment of the worker, which is that of the command that started it. For the embedded one: `orch down`, then `orch up` with the variable set; or take the secret from a file or a command\n",
    );
  });

  test('a queue that nobody polls', async () => {
    const queued = uniqueId('queued');
    const text = `plan_id: ${queued}\nsteps:\n  - { id: a, command: "true", queue: gpu }\n`;
    await orch('start', write('queue.yaml', text), '--id', queued);
    await eventually('the service says so', async () => {
      const { stdout } = await orch('explain', queued, 'a');
      return stdout.includes('It is waiting: no worker polls queue gpu.\n');
    });
    expect((await orch('status', queued)).stdout).toMatch(/running +a +.*waiting: no worker polls queue gpu\n/);
    expect((await orch('cancel', queued)).code).toBe(0);
  });
});
