import type { Json } from '../model/values.js';
import { isExact } from './exact-numbers.js';
import { readJson } from './json.js';
import { endOfString } from './json-strings.js';

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** No number with fewer digits is changed by becoming a double. */
const LONG = /\d{16}|[eE]/;

/**
 * Reads JSON that a program wrote: a whole number that would become another one stays as text, digit by digit, so that
 * an id stays the id that it is.
 *
 * @throws SyntaxError for what is no JSON
 */
export function parseExactJson(text: string): Json {
  return JSON.parse(LONG.test(text) ? quoteInexact(text) : text) as Json;
}

/**
 * The same, and refuses a key that stands in a map twice.
 *
 * @returns the value, or what is wrong
 */
export function parseStrictJson(text: string): { value: Json } | { problem: string } {
  const read = readJson(text, 'keep');
  if ('faults' in read) return { problem: read.faults[0]!.message };
  return { value: parseExactJson(text) };
}

function quoteInexact(text: string): string {
  let exact = '';
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 34) {
      const end = endOfString(text, at);
      if (end === undefined) break;
      at = end - 1;
    } else if (char === 45 || (char >= 48 && char <= 57)) {
      NUMBER.lastIndex = at;
      const number = NUMBER.exec(text)?.[0];
      if (number === undefined) break;
      if (!isExact(number)) {
        exact += `${text.slice(from, at)}"${number}"`;
        from = at + number.length;
      }
      at += number.length - 1;
    }
  }
  return exact + text.slice(from);
}
