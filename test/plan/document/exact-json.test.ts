import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadPlanText } from '../../../src/plan/index.js';
import { parseExactJson, parseStrictJson } from '../../../src/plan/document/exact-json.js';

describe('JSON that a program wrote', () => {
  test.each([
    ['{"id": 12345678901234567890}', { id: '12345678901234567890' }],
    [
      '[9007199254740993, 9007199254740992, 9007199254740991]',
      ['9007199254740993', 9007199254740992, 9007199254740991],
    ],
    ['-12345678901234567890', '-12345678901234567890'],
    [
      '{"a": "12345678901234567890 \\" 1234567890123456789", "b": 0.1234567890123456789}',
      {
        a: '12345678901234567890 " 1234567890123456789',
        b: 0.12345678901234568,
      },
    ],
    ['[1e400, 1e3]', ['1e400', 1000]],
    ['{"12345678901234567890": 1}', { '12345678901234567890': 1 }],
  ])('%s', (text, expected) => {
    expect(parseExactJson(text)).toEqual(expected);
  });

  test('whatever it is, it is read as JSON.parse reads it, or with more digits', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        // -0 and numbers beyond 2^53 that a double holds are written exactly, so nothing may differ.
        expect(JSON.stringify(parseExactJson(text)).replaceAll(/"(-?\d+)"/g, '$1')).toBe(
          JSON.stringify(JSON.parse(text)).replaceAll(/"(-?\d+)"/g, '$1'),
        );
      }),
    );
    expect(() => parseExactJson('{"a": 12345678901234567890')).toThrow(SyntaxError);
    expect(() => parseExactJson('{"a: 12345678901234567890}')).toThrow(SyntaxError);
  });

  test('a key that stands twice is refused where somebody decides by it', () => {
    expect(parseStrictJson('{"a": 1, "a": 2}')).toEqual({ problem: expect.stringContaining("'a'") as string });
    expect(parseStrictJson('{"a": 12345678901234567890}')).toEqual({ value: { a: '12345678901234567890' } });
  });
});

test.each([
  ['a.yaml', 'plan_id: a\nmetadata: {id: 12345678901234567890}\nsteps: [{id: a, command: x}]\n', '2:16'],
  [
    'a.json',
    '{"plan_id": "a", "metadata": {"id": 12345678901234567890}, "steps": [{"id": "a", "command": "x"}]}',
    '1:37',
  ],
])('a plan with a number that would become another one is refused: %s', (file, text, place) => {
  const loaded = loadPlanText(text, { file });
  expect(
    loaded.ok ? [] : loaded.error.map((each) => [each.code, `${each.line}:${each.column}`, each.message, each.hint]),
  ).toEqual([
    [
      'inexact_number',
      place,
      'the number 12345678901234567890 would be read as 12345678901234567168: it has more digits than a number keeps',
      'put it in quotes: "12345678901234567890"',
    ],
  ]);
});
