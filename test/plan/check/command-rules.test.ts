import { describe, expect, test } from 'vitest';
import { loadPlanText } from '../../../src/plan/index.js';

/** What is said of a plan: `code path: message (hint)`, one a line. */
function said(text: string, file = 'plan.yaml'): string[] {
  const loaded = loadPlanText(text, { file });
  const found = loaded.ok ? loaded.value.diagnostics : loaded.error;
  return found.map(({ code, path, message, hint }) => `${code} ${path}: ${message}${hint ? ` (${hint})` : ''}`);
}

const steps = (...lines: string[]): string => `plan_id: p\nsteps:\n${lines.map((line) => `  - ${line}\n`).join('')}`;

describe('a whole line as command', () => {
  test('is refused where no shell takes it apart', () => {
    const found = said(
      steps('{id: a, command: echo hi there}', '{id: b, step_def: {type: command, command: npm test}}'),
    );
    const why = 'without a shell, command is the name of the program alone';
    expect(found).toEqual([
      `command_line steps[0].command: there is no program 'echo hi there': ${why} (write command: echo and args: ["hi","there"], or add shell: true)`,
      `command_line steps[1].step_def.command: there is no program 'npm test': ${why} (write command: npm and args: ["test"], or add shell: true)`,
    ]);
  });

  test.each(['/opt/My App/bin/run', 'C:\\Program Files\\app.exe', '${TOOL} x', 'echo'])(
    '%s may be a program',
    (command) => {
      expect(
        said(steps(`{id: a, command: ${JSON.stringify(command)}}`)).filter((line) => line.startsWith('command_line')),
      ).toEqual([]);
    },
  );

  test('is what a shell takes', () => {
    expect(said(steps('{id: a, command: echo hi there, shell: true}'))).toEqual([]);
  });
});

const script = (text: string): string =>
  JSON.stringify({ plan_id: 'p', steps: [{ id: 'a', step_def: { type: 'shell', script: text } }] });

test('a name without braces is warned about where no shell reads it, and where a value was surely meant', () => {
  const found = said(
    steps(
      "{id: a, command: git, args: [merge, $BRANCH, 'costs $x', '$$HOME', '^$']}",
      "{id: b, command: 'echo $BRANCH', shell: true}",
    ),
  );
  expect(found).toEqual([
    "unbraced_name steps[0].args[1]: '$BRANCH' is passed on as it is written: no shell reads this text (write ${BRANCH} for its value, $$BRANCH if you mean these characters)",
  ]);
});

describe('a script', () => {
  test.each(['#!/bin/bash', '#!/usr/bin/env bash', '#! /usr/bin/python3 -u', '#!/bin/bash -e'])(
    '%s is warned about',
    (line) => {
      expect(said(script(`${line}\ntrue`), 'plan.json')).toEqual([
        `shebang_ignored steps[0].step_def.script: '${line}' has no effect: the script runs under sh (write command: bash with args: ["-ec", SCRIPT] for another shell, or put the script into a file and make that the command)`,
      ]);
    },
  );

  test.each(['#!/bin/sh', '#!/bin/sh -e', '#!/usr/bin/env sh', '#!/bin/dash', '# !/bin/bash', 'true # a #!/bin/bash'])(
    '%s is not',
    (line) => {
      expect(said(script(`${line}\ntrue`), 'plan.json')).toEqual([]);
    },
  );

  test('with Windows line ends is warned about', () => {
    const text = String.raw`carriage_return steps[0].step_def.script: the lines of the script end with a carriage return (\r\n), which sh takes for a part of the last word (write \n)`;
    expect(said(script('cd build\r\nmake\r\n'), 'plan.json')).toEqual([text]);
    expect(said(script('printf "a\r"\n'), 'plan.json')).toEqual([]);
    expect(said(steps('{id: a, command: "cd b\\r\\nmake", shell: true}'))).toHaveLength(1);
  });
});

test('templates in what people read are warned about, in every such text', () => {
  const text = [
    'plan_id: p',
    'description: "of ${TAG}"',
    'steps:',
    '  - {id: a, name: "build ${TAG}", description: "${{ inputs.X }}", summary: "${TAG} built", command: x}',
    '  - {id: b, name: "costs 5$", step_def: {type: approval, message: "Release ${TAG}?"}}',
  ].join('\n');
  expect(said(text).map((line) => line.split(' (')[0])).toEqual(
    [
      ['description', '${TAG}', 'description'],
      ['steps[0].name', '${TAG}', 'name'],
      ['steps[0].description', '${{ inputs.X }}', 'description'],
      ['steps[0].summary', '${TAG}', 'summary'],
      ['steps[1].step_def.message', '${TAG}', 'message'],
    ].map(
      ([path, template, key]) =>
        `template_in_text ${path}: '${template}' is shown as it is written: '${key}' is not templated`,
    ),
  );
});

describe('a number whose text is another one', () => {
  test('is warned about where a program is given it', () => {
    const text = [
      'plan_id: p',
      'inputs: {V: {type: array, default: [1.0, 2]}, N: {type: number, default: 1.50}}',
      'steps:',
      '  - {id: a, command: "python${{ item }}", foreach: [3.8, 3.9, 3.10]}',
      '  - {id: b, command: x, foreach: [{v: 007}, "3.10", 1e3]}',
      '  - {id: c, command: x, timeout_sec: 10.0}',
    ].join('\n');
    expect(said(text)).toEqual(
      [
        ['inputs.V.default[0]', '1.0', '1'],
        ['steps[0].foreach[2]', '3.10', '3.1'],
        ['steps[1].foreach[0].v', '007', '7'],
        ['steps[1].foreach[2]', '1e3', '1000'],
      ].map(
        ([path, written, value]) =>
          `number_text ${path}: ${written} is the number ${value}, and is given to programs as ${value} (put it in quotes if it is a text: "${written}")`,
      ),
    );
  });

  test('is quoted as it is written where a text is wanted', () => {
    const text = steps('{id: a, command: x, cwd: 1.10}') + 'inputs: {V: {default: 3.10, enum: [3.10, true]}}\n';
    expect(said(text).map((line) => /\((.*)\)/.exec(line)?.[1])).toEqual([
      'put it in quotes: "1.10"',
      'put it in quotes: "3.10"',
      'put it in quotes: "3.10"',
      'put it in quotes: "true"',
    ]);
  });
});

describe('a bundle of workstreams', () => {
  const ws = {
    id: 'ws-docs',
    openspec_change: 'OS-1',
    ccpm_issue: 1,
    gate: 1,
    files_scope: ['a'],
    tasks: ['x'],
    tool: 'aider',
  };

  test.each([
    [ws],
    [[ws, { ...ws, id: 'ws-2' }]],
    [{ ...ws, id: 'x', doc_id: 'D' }],
    [{ workstream_id: 'ws-1', tasks: [] }],
  ])('is told in one line what to do: %j', (document) => {
    expect(said(JSON.stringify(document), 'ws.json')).toEqual([
      'workstream_bundle undefined: this is a bundle of workstreams, and not a plan: it says which files a tool may change, but not what to run (write a plan: a step for each workstream, `dependencies` as depends_on, `tool` and `tasks` as an agent step or a command)',
    ]);
  });

  test('is nothing that has steps, and no list of other things', () => {
    for (const other of [{ ...ws, plan_id: 'p', steps: [] }, [], [ws, 1], { id: 'x', tasks: [] }]) {
      expect(said(JSON.stringify(other), 'x.json').some((line) => line.startsWith('workstream'))).toBe(false);
    }
  });
});
