import { expect, test } from 'vitest';
import { attachPlaces, renderDiagnostics, suggest } from '../../../src/plan/index.js';
import { planOf, refuse } from '../sample.js';

test('a diagnostic shows its place, its line with a caret, and the hint', () => {
  const text = planOf('  - {id: a, command: x, timout_sec: 3}\n', 'doc_id: 1\n');
  expect(renderDiagnostics(refuse(text, 'plan.yaml'), text)).toBe(
    [
      "plan.yaml:3:1: warning[unknown_key]: unknown key 'doc_id'",
      '  3 | doc_id: 1',
      '    | ^^^^^^',
      "  hint: put it under metadata, or name it 'x-doc_id'",
      '',
      "plan.yaml:5:25: error[unknown_key]: unknown key 'timout_sec'",
      '  5 |   - {id: a, command: x, timout_sec: 3}',
      '    |                         ^^^^^^^^^^',
      "  hint: did you mean 'timeout_sec'?",
      '',
      '1 error, 1 warning',
    ].join('\n'),
  );
});

test('a long line is cut round the caret', () => {
  const text = `{"plan_id":"a","version":"1.0","description":"${'d'.repeat(300)}","steps":[{"id":"a","command":"x","retrys":1,"args":["${'a'.repeat(300)}"]}]}`;
  const [, line, caret] = renderDiagnostics(refuse(text, 'p.json'), text).split('\n');
  expect(line?.length).toBeLessThan(115);
  const from = caret!.indexOf('^');
  expect(line?.slice(from, caret!.lastIndexOf('^') + 1)).toBe('"retrys"');
  expect([line?.includes('| …'), line?.endsWith('…')]).toEqual([true, true]);
});

test('control characters of a file never reach the terminal', () => {
  const text = planOf('  - {id: "a\u001b[31m\u202e", command: x}\n');
  const rendered = renderDiagnostics(refuse(text, 'pl\u001ban.yaml'), text);
  // eslint-disable-next-line no-control-regex
  expect(rendered).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  expect(rendered).toContain('\\u001b[31m');
});

test('colours are the terminal’s, or those of a function', () => {
  const found = [{ code: 'missing_name', severity: 'error', message: 'm', hint: 'h' }] as const;
  expect(renderDiagnostics(found, undefined, true)).toBe(
    '\u001b[31;1merror[missing_name]\u001b[0m: m\n  \u001b[36mhint\u001b[0m: h\n\n1 error',
  );
  expect(renderDiagnostics(found, undefined, (part, text) => `<${part} ${text}>`)).toBe(
    '<error error[missing_name]>: m\n  <hint hint>: h\n\n1 error',
  );
});

test('diagnostics that are found later get their places by their paths', () => {
  const text = planOf('  - {id: a, command: x, args: ["${A}"]}\n');
  const found = [
    {
      code: 'missing_name',
      severity: 'error',
      message: 'm',
      path: 'steps[0].args[0]',
      related: [{ message: 'r', path: 'steps[0].command' }],
    },
    { code: 'unknown_input', severity: 'error', message: 'n' },
  ] as const;
  expect(attachPlaces(found, text, 'plan.yaml')).toEqual([
    {
      ...found[0],
      file: 'plan.yaml',
      line: 4,
      column: 32,
      related: [{ message: 'r', path: 'steps[0].command', file: 'plan.yaml', line: 4, column: 22 }],
    },
    found[1],
  ]);
});

test.each([
  ['depnds_on', 'depends_on'],
  ['dependsOn', 'depends_on'],
  ['depends-on', 'depends_on'],
  ['commnad', 'command'],
  ['cmd', undefined],
  ['doc_id', undefined],
  ['x', undefined],
])('%s is taken for %s', (name, expected) => {
  expect(suggest(name, ['id', 'command', 'depends_on', 'env'])).toBe(expected);
});
