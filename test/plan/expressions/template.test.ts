import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { renderValue, templateExpressions, type TemplatePiece } from '../../../src/plan/expressions/index.js';

const TABLE: readonly [string, TemplatePiece[]][] = [
  ['', []],
  ['plain $x ${NAME:-d} }}', [{ text: 'plain $x ${NAME:-d} }}' }]],
  ['${{ inputs.n }}', [{ expr: ' inputs.n ', offset: 3 }]],
  ['a${{b}}c${{d}}', [{ text: 'a' }, { expr: 'b', offset: 4 }, { text: 'c' }, { expr: 'd', offset: 11 }]],
  ['x${{ \'}}\' + "}}" }}y', [{ text: 'x' }, { expr: ' \'}}\' + "}}" ', offset: 4 }, { text: 'y' }]],
  ["${{ {'a': {'b': 1}} }}", [{ expr: " {'a': {'b': 1}} ", offset: 3 }]],
  ["${{ 'it\\'s }}' }}", [{ expr: " 'it\\'s }}' ", offset: 3 }]],
  ['$${{ a }}', [{ text: '$${{ a }}' }]],
  ['$$${{ a }}', [{ text: '$$' }, { expr: ' a ', offset: 5 }]],
  ['${A}${{ b }}$', [{ text: '${A}' }, { expr: ' b ', offset: 7 }, { text: '$' }]],
  ['a ${{ b', [{ text: 'a ' }, { unclosed: '${{ b', offset: 2 }]],
  ["${{ 'b }}", [{ unclosed: "${{ 'b }}", offset: 0 }]],
  ['${{}}', [{ expr: '', offset: 3 }]],
];

describe('templateExpressions', () => {
  it.each(TABLE)('splits %s', (text, pieces) => {
    expect(templateExpressions(text)).toEqual(pieces);
  });

  it('loses no character', () => {
    const part = fc.constantFrom('$', '{', '}', '${{', '}}', "'", '"', '\\', 'a', ' ');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const text = parts.join('');
        const again = templateExpressions(text).map((piece) => {
          if ('text' in piece) return piece.text;
          return 'expr' in piece ? `\${{${piece.expr}}}` : piece.unclosed;
        });
        expect(again.join('')).toBe(text);
      }),
    );
  });

  it('is quick with a text that never ends', () => {
    expect(templateExpressions('${{'.repeat(100_000))).toHaveLength(1);
  });
});

describe('renderValue', () => {
  it.each([
    ['text "as is"', 'text "as is"'],
    [3, '3'],
    [2.5, '2.5'],
    [true, 'true'],
    [null, 'null'],
    [['a', 1], '["a",1]'],
    [{ a: [] }, '{"a":[]}'],
  ])('%j', (value, text) => {
    expect(renderValue(value)).toBe(text);
  });
});
