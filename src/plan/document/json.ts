import { inexactNumber, isExact } from './exact-numbers.js';
import { MAX_DEPTH, MAX_VALUES, type Fault, type Locator, type ReadResult } from './faults.js';
import { endOfString } from './json-strings.js';
import type { Segment } from '../problems/paths.js';
import { defined } from '../../basics/defined.js';

/** A value of a JSON text: where it starts, and what is in it. Only collections have `children`. */
interface JsonNode {
  start: number;
  children?: Map<Segment, { key: number; node: JsonNode }>;
}

/** At most so many repeated keys are told. */
const MAX_FAULTS = 100;

/**
 * Reads JSON: the value by JSON.parse, which is many times faster than a YAML parser, everything else by a scanner of
 * our own, since JSON.parse tells neither repeated keys nor places.
 *
 * @param numbers `check` refuses a whole number that would become another one
 */
export function readJson(text: string, numbers: 'check' | 'keep' = 'check'): ReadResult {
  const { faults } = scanJson(text, false, numbers === 'check');
  if (faults.length > 0) return { faults };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The scanner is checked to agree with JSON.parse; where it should not, there is still an answer.
    return { faults: [{ code: 'syntax_error', message: (error as Error).message, offset: 0 }] };
  }
  return { document: { value, locator: () => jsonLocator(scanJson(text, true).root, text) } };
}

function jsonLocator(root: JsonNode, text: string): Locator {
  const locator: Locator = {
    textOf(path) {
      SCALAR.lastIndex = locator.find(path, 'value');
      return SCALAR.exec(text)?.[0];
    },
    find(path, at) {
      let node = root;
      let offset = root.start;
      for (const [depth, segment] of path.entries()) {
        const child = node.children?.get(segment);
        if (child === undefined) break;
        node = child.node;
        offset = at === 'key' && depth === path.length - 1 ? child.key : node.start;
      }
      return offset;
    },
  };
  return locator;
}

/** A number or a boolean. */
const SCALAR = /[-+.\w]+/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

class ScanError extends Error {
  constructor(readonly fault: Fault) {
    super(fault.message);
  }
}

/** Walks a JSON text. The depth limit bounds the recursion. */
function scanJson(text: string, keep: boolean, checkNumbers = false): { root: JsonNode; faults: Fault[] } {
  const faults: Fault[] = [];
  let at = 0;
  let values = 0;

  const fail = (message: string, offset = at, code: Fault['code'] = 'syntax_error', hint?: string): never => {
    throw new ScanError({ code, message, offset, ...defined({ hint }) });
  };
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const skipSpace = (): void => {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 10 || code === 13 || code === 9) skip(SPACE);
  };

  const readValue = (depth: number): JsonNode => {
    skipSpace();
    const start = at;
    values += 1;
    if (values > MAX_VALUES) fail(`the document contains more than ${MAX_VALUES} values`, start, 'too_complex');
    if (depth > MAX_DEPTH) fail(`nested more than ${MAX_DEPTH} levels deep`, start, 'too_deep');
    const char = text[at];
    if (char === '{' || char === '[') return readCollection(char, depth);
    if (char === '"') readString();
    else if (skip(NUMBER)) checkNumber(start);
    else if (!skip(LITERAL)) fail(...unexpected(text, at));
    return { start };
  };

  const checkNumber = (start: number): void => {
    if (!checkNumbers || faults.length >= MAX_FAULTS) return;
    const number = text.slice(start, at);
    if (!isExact(number)) faults.push(inexactNumber(number, start));
  };

  const readString = (): void => {
    const start = at;
    // Most strings hold no escape; only those that do, or are broken, need the slow way.
    const close = text.indexOf('"', at + 1);
    if (close > 0 && isPlain(text, at + 1, close)) at = close + 1;
    else
      at = endOfString(text, at) ?? fail('this string is not closed, or contains a bad escape or a line break', start);
  };

  const readCollection = (open: '{' | '[', depth: number): JsonNode => {
    const node: JsonNode = { start: at, ...(keep ? { children: new Map() } : {}) };
    const close = open === '{' ? '}' : ']';
    const keys = open === '{' ? new Map<string, number>() : undefined;
    let index = 0;
    at += 1;
    skipSpace();
    if (text[at] === close) {
      at += 1;
      return node;
    }
    for (;;) {
      skipSpace();
      const key = at;
      const segment = keys === undefined ? index : readKey(keys);
      const child = readValue(depth + 1);
      if (keep && !node.children!.has(segment)) node.children!.set(segment, { key, node: child });
      index += 1;
      skipSpace();
      const next = text[at];
      if (next !== ',' && next !== close) {
        fail(at >= text.length ? `the text ends before the closing '${close}'` : `expected ',' or '${close}'`);
      }
      at += 1;
      if (next === close) return node;
    }
  };

  const readKey = (keys: Map<string, number>): string => {
    const start = at;
    if (text[at] !== '"')
      fail(...(text[at] === '}' ? trailingComma(at) : unexpected(text, at, 'a key in double quotes')));
    readString();
    const raw = text.slice(start + 1, at - 1);
    const key = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
    const first = keys.get(key);
    if (first === undefined) keys.set(key, start);
    else if (faults.length < MAX_FAULTS) faults.push(duplicateKey(key, start, first));
    skipSpace();
    if (text[at] !== ':') fail("expected ':' after a key");
    at += 1;
    return key;
  };

  let root: JsonNode = { start: 0 };
  try {
    root = readValue(1);
    skipSpace();
    if (at < text.length) fail('unexpected text after the end of the document');
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    faults.push(error.fault);
  }
  return { root, faults };
}

/** The fault of a key that a map holds twice. */
export function duplicateKey(key: string, offset: number, first: number): Fault {
  const message = `duplicate key '${key.length > 60 ? `${key.slice(0, 57)}…` : key}'`;
  const related = [{ message: 'first used here', offset: first }];
  return { code: 'duplicate_key', message, offset, hint: 'remove one of the two', related };
}

function isPlain(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 92 || code < 32) return false;
  }
  return true;
}

type Failure = [message: string, offset: number, code: Fault['code'], hint: string | undefined];

function unexpected(text: string, at: number, expected = 'a value'): Failure {
  if (at >= text.length) return [`the text ends where ${expected} is expected`, at, 'syntax_error', undefined];
  const char = String.fromCodePoint(text.codePointAt(at)!);
  if (char === ']' || char === '}') return trailingComma(at);
  const hint = char === '/' || char === '#' ? 'JSON has no comments; a YAML file (.yaml) may have them' : undefined;
  return [`expected ${expected}, found '${char}'`, at, 'syntax_error', hint];
}

function trailingComma(at: number): Failure {
  return ['something is missing before this bracket', at, 'syntax_error', 'JSON allows no comma after the last entry'];
}
