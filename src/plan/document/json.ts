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

type Numbers = 'check' | 'keep';

/** At most so many repeated keys are told. */
const MAX_FAULTS = 100;

/**
 * Reads JSON: the value by JSON.parse, which is many times faster than a YAML parser, everything else by a scanner of
 * our own, since JSON.parse tells neither repeated keys nor places.
 *
 * @param numbers `check` refuses a whole number that would become another one
 */
export function readJson(text: string, numbers: Numbers = 'check'): ReadResult {
  const { faults } = new Scanner(text, { numbers }).scan();
  if (faults.length > 0) return { faults };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The scanner is checked to agree with JSON.parse; where it should not, there is still an answer.
    return { faults: [{ code: 'syntax_error', message: (error as Error).message, offset: 0 }] };
  }
  return { document: { value, locator: () => jsonLocator(new Scanner(text, { keep: true }).scan().root, text) } };
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

interface ScanOptions {
  /** Whether the tree that comes back has children. */
  keep?: boolean;
  numbers?: Numbers;
}

/** Walks a JSON text, once. The depth limit bounds the recursion. */
class Scanner {
  private readonly faults: Fault[] = [];
  private readonly keep: boolean;
  private readonly checkNumbers: boolean;
  private at = 0;
  private values = 0;

  constructor(
    private readonly text: string,
    { keep = false, numbers = 'keep' }: ScanOptions,
  ) {
    this.keep = keep;
    this.checkNumbers = numbers === 'check';
  }

  scan(): { root: JsonNode; faults: Fault[] } {
    const { faults } = this;
    let root: JsonNode = { start: 0 };
    try {
      root = this.readValue(1);
      this.skipSpace();
      if (this.at < this.text.length) this.fail('unexpected text after the end of the document');
    } catch (error) {
      if (!(error instanceof ScanError)) throw error;
      faults.push(error.fault);
    }
    return { root, faults };
  }

  private readValue(depth: number): JsonNode {
    this.skipSpace();
    const { text, at: start } = this;
    this.values += 1;
    if (this.values > MAX_VALUES) {
      this.fail(`the document contains more than ${MAX_VALUES} values`, start, 'too_complex');
    }
    if (depth > MAX_DEPTH) this.fail(`nested more than ${MAX_DEPTH} levels deep`, start, 'too_deep');
    const char = text[start];
    if (char === '{' || char === '[') return this.readCollection(char, depth);
    if (char === '"') this.readString();
    else if (this.skip(NUMBER)) this.checkNumber(start);
    else if (!this.skip(LITERAL)) this.fail(...unexpected(text, start));
    return { start };
  }

  private checkNumber(start: number): void {
    if (!this.checkNumbers || this.faults.length >= MAX_FAULTS) return;
    const number = this.text.slice(start, this.at);
    if (!isExact(number)) this.faults.push(inexactNumber(number, start));
  }

  private readString(): void {
    const { text, at: start } = this;
    // Most strings hold no escape; only those that do, or are broken, need the slow way.
    const close = text.indexOf('"', start + 1);
    if (close > 0 && isPlain(text, start + 1, close)) this.at = close + 1;
    else {
      const end = endOfString(text, start);
      this.at = end ?? this.fail('this string is not closed, or contains a bad escape or a line break', start);
    }
  }

  private readCollection(open: '{' | '[', depth: number): JsonNode {
    const { text } = this;
    const node: JsonNode = { start: this.at, ...(this.keep ? { children: new Map() } : {}) };
    const close = open === '{' ? '}' : ']';
    const keys = open === '{' ? new Map<string, number>() : undefined;
    this.at += 1;
    this.skipSpace();
    if (text[this.at] === close) {
      this.at += 1;
      return node;
    }
    for (let index = 0; ; index += 1) {
      this.skipSpace();
      const key = this.at;
      const segment = keys === undefined ? index : this.readKey(keys);
      const child = this.readValue(depth + 1);
      if (this.keep && !node.children!.has(segment)) node.children!.set(segment, { key, node: child });
      if (this.closes(close)) return node;
    }
  }

  /** Reads what stands after an entry. @returns whether it was the last one */
  private closes(close: '}' | ']'): boolean {
    this.skipSpace();
    const { text, at } = this;
    const next = text[at];
    if (next !== ',' && next !== close) {
      this.fail(at >= text.length ? `the text ends before the closing '${close}'` : `expected ',' or '${close}'`);
    }
    this.at += 1;
    return next === close;
  }

  private readKey(keys: Map<string, number>): string {
    const { text, at: start } = this;
    if (text[start] !== '"') {
      this.fail(
        ...(text[start] === '}' ? trailingComma(text, start) : unexpected(text, start, 'a key in double quotes')),
      );
    }
    this.readString();
    const raw = text.slice(start + 1, this.at - 1);
    const key = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
    const first = keys.get(key);
    if (first === undefined) keys.set(key, start);
    else if (this.faults.length < MAX_FAULTS) this.faults.push(duplicateKey(key, start, first));
    this.skipSpace();
    if (text[this.at] !== ':') this.fail("expected ':' after a key");
    this.at += 1;
    return key;
  }

  private skipSpace(): void {
    const code = this.text.charCodeAt(this.at);
    if (code === 32 || code === 10 || code === 13 || code === 9) this.skip(SPACE);
  }

  private skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }

  private fail(message: string, offset = this.at, code: Fault['code'] = 'syntax_error', hint?: string): never {
    throw new ScanError({ code, message, offset, ...defined({ hint }) });
  }
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
  if (char === ']' || char === '}') return trailingComma(text, at);
  const hint = char === '/' || char === '#' ? 'JSON has no comments; a YAML file (.yaml) may have them' : undefined;
  return [`expected ${expected}, found '${char}'`, at, 'syntax_error', hint];
}

function trailingComma(text: string, at: number): Failure {
  const comma = /,\s*$/.test(text.slice(Math.max(0, at - 1000), at));
  const message = comma ? 'nothing follows the comma before this bracket' : 'something is missing before this bracket';
  return [message, at, 'syntax_error', comma ? 'JSON allows no comma after the last entry' : undefined];
}
