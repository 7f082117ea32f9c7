import { expect, test } from 'vitest';
import { readProsePlan } from '../../../src/formats/exec-manifest/prose-plan.js';

const block = (...lines: string[]): string => `<verify>\n${lines.join('\n')}\n</verify>\n`;

test.each<[title: string, text: string, task: string, expected: [run: string, expect: string][]]>([
  ['an entry', `## Task 1: A\n${block('- run: `make`', '  expect: exit 2')}`, 'task-1', [['make', 'exit 2']]],
  ['an entry without expect', `### Task 1. A\n${block('- run: `make`')}`, 'task-1', [['make', 'exit 0']]],
  [
    'a text that is to be found',
    `## Task 1: A\n${block('- run: `cat a`', '  expect: contains "2 passed: all"')}`,
    'task-1',
    [['cat a', 'contains "2 passed: all"']],
  ],
  [
    'a text with quotes in it',
    `## Task 1: A\n${block('- run: `cat a`', String.raw`  expect: contains "says \"ok\""`)}`,
    'task-1',
    [['cat a', String.raw`contains "says \"ok\""`]],
  ],
  [
    'several entries and blocks',
    `## Task 1: A\n${block('- run: `a`', '- run: `b`', '  expect: `exit 1`', '')}\ntext\n${block('- run: `c`')}`,
    'task-1',
    [
      ['a', 'exit 0'],
      ['b', 'exit 1'],
      ['c', 'exit 0'],
    ],
  ],
  [
    'the block of its own heading',
    `## Task 1: A\n${block('- run: `a`')}## Task 2: B\n${block('- run: `b`')}`,
    'x-2',
    [['b', 'exit 0']],
  ],
  ['a number with zeros', `## Task 07: A\n${block('- run: `a`')}`, 'task-7', [['a', 'exit 0']]],
  [
    'line ends of Windows',
    `## Task 1: A\n${block('- run: `a`', '  expect: exit 3')}`.replaceAll('\n', '\r\n'),
    't1',
    [['a', 'exit 3']],
  ],
  [
    'an indented block',
    `## Task 1: A\n  <verify>\n    - run: \`a\`\n      expect: exit 3\n  </verify>`,
    't1',
    [['a', 'exit 3']],
  ],
  [
    'no heading of another level',
    `# Task 1: A\n${block('- run: `a`')}#### Task 1: A\n${block('- run: `a`')}`,
    'task-1',
    [],
  ],
  [
    'no heading in a code block',
    `## Task 1: A\n\`\`\`md\n## Task 1: again\n\`\`\`\n${block('- run: `a`')}`,
    'task-1',
    [['a', 'exit 0']],
  ],
  ['nothing for an id without a number', `## Task 1: A\n${block('- run: `a`')}`, 'write-docs', []],
  ['nothing for a task that the plan lacks', `## Task 1: A\n${block('- run: `a`')}`, 'task-11', []],
  ['nothing before the first heading', block('- run: `a`'), 'task-1', []],
])('%s', (_, text, task, expected) => {
  const prose = readProsePlan(text, 'p.md');
  expect(prose.diagnostics).toEqual([]);
  expect(prose.taskOf(task)?.verify ?? []).toEqual(expected.map(([run, expect]) => ({ run, expect })));
});

test.each<[title: string, text: string, expected: string[]]>([
  ['a second heading of a number', '## Task 1: A\n\n### Task 01. B\n', ['3:1 error duplicate_task_heading']],
  ['a block that is not closed', '## Task 1: A\n<verify>\n- run: `a`\n## Task 2: B\n', ['2:1 error malformed_verify']],
  ['a block at the end that is not closed', '## Task 1: A\n  <verify>\n', ['2:3 error malformed_verify']],
  ['a command without backticks', `## Task 1: A\n${block('  - run: make')}`, ['3:3 error malformed_verify']],
  [
    'an expect that says something else',
    `## Task 1: A\n${block('- run: `a`', '  expect: it works')}`,
    ['4:3 warning malformed_verify'],
  ],
  ['an empty expect', `## Task 1: A\n${block('- run: `a`', '  expect:')}`, ['4:3 warning malformed_verify']],
  ['an expect without a run', `## Task 1: A\n${block('expect: exit 0')}`, ['3:1 warning malformed_verify']],
  ['a line of something else', `## Task 1: A\n${block('please test')}`, ['3:1 warning malformed_verify']],
])('%s is told', (_, text, expected) => {
  const { diagnostics } = readProsePlan(text, 'p.md');
  expect(diagnostics.map((each) => `${each.line}:${each.column} ${each.severity} ${each.code}`)).toEqual(expected);
  for (const each of diagnostics) expect(each.file).toBe('p.md');
});

test('the section of a task goes from its heading to the next one', () => {
  const text = '# Plan\n\n## Task 1: A\n\nDo it.  \n\n#### Notes\n\nMore.\n\n### Task 2. B\n\nThen this.\n';
  const prose = readProsePlan(text, 'p.md');
  expect(prose.taskOf('task-1')?.section).toBe('## Task 1: A\n\nDo it.\n\n#### Notes\n\nMore.');
  expect(prose.taskOf('task-2')?.section).toBe('### Task 2. B\n\nThen this.');
  expect(prose.taskOf('task-3')).toBeUndefined();
});
