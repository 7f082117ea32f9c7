import { parseExactJson } from '../document/exact-json.js';
import type { Json } from '../model/values.js';
import { quote, typeName } from '../problems/problems.js';
import type { InputType } from '../model/plan.js';
import { unreachable } from '../../basics/unreachable.js';

const EXPECTED: Readonly<Record<InputType, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
};

/** Says why a value is not of an input's type; undefined where it is. An unknown type, refused elsewhere, fits all. */
export function typeMismatch(value: Json, type: InputType): string | undefined {
  if (!Object.hasOwn(EXPECTED, type) || isOfType(value, type)) return undefined;
  const what = type === 'integer' && typeof value === 'number' ? String(value) : typeName(value);
  return `must be ${EXPECTED[type]}, not ${what}`;
}

function isOfType(value: Json, type: InputType): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return unreachable(type);
  }
}

/** What a string of the command line means for an input of a type, or why it means nothing. */
export function convertText(given: string, type: InputType): { value: Json } | { mismatch: string } {
  const refused = { mismatch: `must be ${EXPECTED[type]}, not ${quote(given)}` };
  switch (type) {
    case 'string':
      return { value: given };
    case 'integer':
    case 'number': {
      // Number('') is 0 and Number('0x10') 16: only what JSON calls a number is one.
      const value = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(given) ? Number(given) : Number.NaN;
      return isOfType(value, type) ? { value } : refused;
    }
    case 'boolean':
      return given === 'true' || given === 'false' ? { value: given === 'true' } : refused;
    case 'array':
    case 'object': {
      const value = parseJson(given);
      return value !== undefined && isOfType(value, type)
        ? { value }
        : { mismatch: `${refused.mismatch}; give it as JSON` };
    }
    default:
      return unreachable(type);
  }
}

function parseJson(text: string): Json | undefined {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}

/** Whether two JSON values say the same, whatever the order of their keys. */
export function jsonEquals(a: Json, b: Json): boolean {
  return a === b || canonical(a) === canonical(b);
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
