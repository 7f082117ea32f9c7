import type { Json } from '../model/values.js';

/** Values nested deeper are refused, so that none of them can exhaust the stack. */
const MAX_DEPTH = 200;

/** A value of CEL: whole numbers are bigint, maps are Map, so that no key of theirs can be one of an object's own. */
export type CelValue = null | boolean | number | bigint | string | CelValue[] | Map<string, CelValue>;

/** Turns JSON into values of CEL. A whole number is an int, as far as JavaScript holds it exactly. */
export function toCel(value: Json, depth = 0): CelValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) throw new Error(`a value is nested more than ${MAX_DEPTH} levels deep`);
  if (isList(value)) return value.map((element) => toCel(element, depth + 1));
  return new Map(Object.entries(value).map(([key, element]) => [key, toCel(element, depth + 1)]));
}

/** Turns a result back into JSON. Throws where it has none. */
export function toJson(value: unknown, depth = 0): Json {
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new Error(`${value} is not a JSON number`);
    case 'bigint':
      if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return Number(value);
      throw new Error(`${value} is too large for a JSON number`);
    case 'object':
      return objectToJson(value, depth);
    default:
      throw new Error(`a result of type ${typeof value} is not a JSON value`);
  }
}

function objectToJson(value: object | null, depth: number): Json {
  if (value === null) return null;
  if (depth >= MAX_DEPTH) throw new Error(`the result is nested more than ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) return value.map((element) => toJson(element, depth + 1));
  // What is neither is a map that the expression made itself; the library drops keys such as __proto__ there.
  const entries: [string, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, element]) => [key, toJson(element, depth + 1)]));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
