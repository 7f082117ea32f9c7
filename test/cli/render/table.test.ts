import { expect, test } from 'vitest';
import { table } from '../../../src/cli/render/table.js';

test('columns are as wide as their widest cell, and the last one ends with its text', () => {
  expect(
    table([
      ['RUN', 'STATUS', 'PLAN'],
      ['deploy-1', 'ok', 'a plan'],
      ['x', '', ''],
    ]),
  ).toBe('RUN       STATUS  PLAN\ndeploy-1  ok      a plan\nx');
});

test('wide characters take two columns, and those on top of others none', () => {
  expect(
    table([
      ['日本語', '1'],
      ['cafe\u0301', '2'],
      ['👩‍🔧', '3'],
      ['plain', '4'],
    ]),
  ).toBe('日本語  1\ncafe\u0301    2\n👩‍🔧      3\nplain   4');
});

test('rows may end early, and a cell is one line', () => {
  expect(table([['a', 'b'], ['c'], []])).toBe('a  b\nc\n');
  expect(table([['two\nlines', 'x']]).split('\n')).toHaveLength(1);
});
