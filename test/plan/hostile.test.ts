import { describe, expect, test } from 'vitest';
import { loadPlanText } from '../../src/plan/index.js';

/** Generous: machines that run tests are busy. The tenth of it is what is seen. */
const LIMIT_MS = 60_000;

const letters = 'abcdefghijklmnop'.split('');
const bomb = letters
  .map(
    (name, index) =>
      `${name}: &${name} [${
        index === 0
          ? 'x, x, x'
          : Array(9)
              .fill(`*${letters[index - 1]}`)
              .join(', ')
      }]`,
  )
  .join('\n');

const planOf = (...steps: object[]): string =>
  JSON.stringify({ plan_id: 'a', steps: steps.map((step, i) => ({ id: `s${i}`, ...step })) });

describe('hostile files get a clean answer soon', () => {
  test.each<[title: string, text: string | Uint8Array, code: string]>([
    ['nothing', '', 'empty_plan'],
    ['space only', ' \n\t\n', 'empty_plan'],
    ['comments only', '# a\n# b\n', 'empty_plan'],
    ['a byte order mark only', '\uFEFF', 'empty_plan'],
    ['NUL', 'plan_id: a\0b', 'not_text'],
    ['bytes that are no UTF-8', Uint8Array.from([0x61, 0xff, 0x0a]), 'not_text'],
    ['a binary', Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256), 'not_text'],
    ['17 MiB', new Uint8Array(17 * 1024 * 1024).fill(97), 'file_too_large'],
    ['5 MB of [', '['.repeat(5e6), 'too_deep'],
    ['5 MB of {', '{'.repeat(5e6), 'too_deep'],
    ['5 MB of [ in YAML', `a: ${'['.repeat(5e6)}`, 'too_deep'],
    ['nested JSON keys', '{"a":'.repeat(1e6), 'too_deep'],
    ['nested dashes', '- '.repeat(1e6), 'too_deep'],
    ['nested keys', 'a: '.repeat(1e6), 'too_deep'],
    ['nested question marks', '? '.repeat(1e6), 'too_deep'],
    ['deep indentation', Array.from({ length: 2000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'), 'too_deep'],
    ['brackets that close nothing', ']'.repeat(5e6), 'syntax_error'],
    ['a quote that never ends', `"${'a'.repeat(5e6)}`, 'syntax_error'],
    ['tabs', '\tplan_id: a\n', 'syntax_error'],
    ['an alias bomb', bomb, 'too_many_aliases'],
    ['an alias of itself', 'a: &a [*a]\n', 'unsupported_yaml'],
    ['a million documents', '---\n'.repeat(1e6), 'multiple_documents'],
    ['a million values', `{"steps": [${'1,'.repeat(1_000_001)}1]}`, 'too_complex'],
    [
      'a million dollars',
      JSON.stringify({ plan_id: 'a', version: '1.0', steps: [{ id: 'a', command: '${'.repeat(1e6) }] }),
      'malformed_template',
    ],
    ['an escaped NUL in an argument', planOf({ command: 'echo', args: ['a\0b'] }), 'invalid_value'],
    ['a number of a million digits', `{"plan_id": "a", "steps": [], "x": ${'9'.repeat(1e6)}}`, 'inexact_number'],
    ['a command line of 100,000 words', planOf({ command: 'a '.repeat(1e5) }), 'command_line'],
    [
      'a condition of 100,000 words of shells',
      planOf({ command: 'a', condition: 'x and '.repeat(1e5) }),
      'expression_too_long',
    ],
    ['names without braces', planOf({ command: 'a', args: [`${'$A'.repeat(1e5)}\${`] }), 'malformed_template'],
    [
      'keys of neighbouring tools, 1,000 times',
      planOf(...Array.from({ length: 1e3 }, () => ({ run: 'a', needs: 'b' }))),
      'unknown_key',
    ],
  ])('%s', (_, text, code) => {
    const started = performance.now();
    const loaded = loadPlanText(text);
    expect(performance.now() - started).toBeLessThan(LIMIT_MS);
    if (loaded.ok) throw new Error('it was let pass');
    expect(loaded.error[0]).toMatchObject({ code, severity: 'error' });
    for (const each of loaded.error) expect([each.line, each.column]).toEqual([expect.any(Number), expect.any(Number)]);
  });
});

test('a byte order mark is accepted, and places are counted from behind it', () => {
  const loaded = loadPlanText('\uFEFF{"plan_id": [], "version": "1.0", "steps": [{"id": "a", "command": "x"}]}');
  expect(!loaded.ok && loaded.error).toMatchObject([{ code: 'wrong_type', line: 1, column: 13 }]);
});

test('anchors, aliases and merges that mean no harm are read, however many', () => {
  const steps = Array.from({ length: 2000 }, (_, index) => `  - {<<: *base, id: s${index}, env: *env}`).join('\n');
  const text = `plan_id: a\nversion: "1.0"\nx-base: &base {command: echo, retries: 2}\nx-env: &env {A: b}\nsteps:\n${steps}\n`;
  const loaded = loadPlanText(text);
  expect(loaded.ok && loaded.value.plan.steps[1999]).toMatchObject({
    id: 's1999',
    env: { A: 'b' },
    retry: { retries: 2 },
  });
});

test('names that JavaScript knows are no trap', () => {
  const text =
    '{"plan_id":"a","version":"1.0","inputs":{"__proto__":{}},"steps":[{"id":"__proto__","command":"x","env":{"__proto__":"x"}},{"id":"constructor","command":"x","depends_on":["toString"]}]}';
  const loaded = loadPlanText(text);
  expect(!loaded.ok && loaded.error.map((each) => each.code)).toEqual([
    'invalid_name',
    'invalid_id',
    'invalid_name',
    'unknown_dependency',
  ]);
});

test.each([1, 2])('a chain of ten thousand steps is read, closed to a cycle or not (%i)', (kind) => {
  const steps = Array.from({ length: 10_000 }, (_, index) => ({
    id: `s${index}`,
    command: 'true',
    depends_on: index > 0 ? [`s${index - 1}`] : kind === 2 ? ['s9999'] : [],
  }));
  const loaded = loadPlanText(JSON.stringify({ plan_id: 'a', version: '1.0', steps }));
  expect(loaded.ok).toBe(kind === 1);
  if (!loaded.ok)
    expect(loaded.error.map((each) => [each.code, each.related?.length])).toEqual([['dependency_cycle', 10_000]]);
});
