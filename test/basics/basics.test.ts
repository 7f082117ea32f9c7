import { expect, expectTypeOf, test } from 'vitest';
import { defined } from '../../src/basics/defined.js';
import { unreachable } from '../../src/basics/unreachable.js';
import { withoutStack } from '../../src/basics/without-stack.js';

test('what is undefined is left out, and the rest keeps its order', () => {
  const values = { z: 1, gone: undefined, a: null, m: false, b: 0, c: '' };
  expect(JSON.stringify(defined(values))).toBe('{"z":1,"a":null,"m":false,"b":0,"c":""}');
  expect(Object.keys(defined(values))).not.toContain('gone');
});

test('spread between other keys, it stands where it is written, and hides nothing by an undefined', () => {
  const known: { reason?: string } = {};
  const shown = { id: 's', reason: 'unknown', ...defined({ reason: known.reason, code: 3 }), last: true };
  expect(JSON.stringify(shown)).toBe('{"id":"s","reason":"unknown","code":3,"last":true}');
});

test('what may be undefined may be absent, and is never undefined', () => {
  const reason = 'x' as string | undefined;
  expectTypeOf(defined({ reason, code: 3, note: null })).branded.toEqualTypeOf<{
    reason?: string;
    code: number;
    note: null;
  }>();
});

test('a value that no case handles is a bug, and told', () => {
  expect(() => unreachable({ type: 'new' } as never)).toThrow('Internal error: nothing handles {"type":"new"}');
});

test('an error without its stack is the same error', () => {
  const error = new TypeError('as it is');
  expect(withoutStack(error)).toBe(error);
  expect(error.stack).toBe('');
  expect(error.message).toBe('as it is');
});
