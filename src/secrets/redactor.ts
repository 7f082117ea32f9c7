import { isNamedSecret, openAssignment } from './assignments.js';
import { createFinder, type Finder, type Found, type Look } from './finder.js';
import { ANCHOR, literal, wrapped } from './needles.js';
import { KEY_BEGIN, KEY_LENGTH, SHAPE_HINTS, SHAPES } from './shapes.js';
import { spellings } from './spellings.js';

/** What stands for a secret. */
const MASK = '***';

/** A run of characters without a space may be a token that is not complete yet, up to this length. */
const MAX_TOKEN = 6_144;

/** Hides secrets in texts and streams. */
export interface Redactor {
  /** The text without secrets. */
  text(value: string): string;
  /** The same JSON value with every string, keys too, without secrets. */
  json<T>(value: T): T;
  /** For bytes that come in pieces. */
  stream(): RedactingStream;
}

/** Hides secrets in bytes that come in pieces. What comes out does not depend on where they are cut. */
export interface RedactingStream {
  /** @returns what is certain by now; the rest may be the beginning of a secret. */
  push(bytes: Buffer): Buffer;
  /** @returns what was held back. */
  end(): Buffer;
}

/**
 * Makes a redactor for these secrets, and for tokens and private keys that are known by their looks.
 *
 * @param secrets values; those that are too short to be told from other text are not hidden
 * @param options `shapes: false` hides the secrets only
 */
export function createRedactor(secrets: readonly string[] = [], { shapes = true } = {}): Redactor {
  const known = lazily(() => [...new Set(secrets)].map(spellings));
  const searchIn = (inUnits: (text: string) => string): Search =>
    createSearch(
      known().flatMap(({ texts, bytes }) => [...texts.map(inUnits), ...bytes]),
      known().flatMap((each) => each.wrapped),
      shapes,
    );
  // Each is made when it is first needed: most steps need one of them only.
  const inText = lazily(() => searchIn((text) => text));
  // A character for each byte, so that what is no UTF-8 stays as it is.
  const inBytes = lazily(() => searchIn((text) => Buffer.from(text, 'utf8').toString('latin1')));
  const text = (value: string): string => redactUntil(inText(), value, 0, value.length).out;
  return {
    text,
    json: <T>(value: T): T => redactJson(value, text, shapes) as T,
    stream: () => createStream(inBytes(), shapes),
  };
}

function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** What is looked for, in two ways: by a finder what is long enough for it, by an expression the rest. */
interface Search {
  finder: Finder;
  /** Needles that are too short for the finder. */
  short: readonly string[];
  pattern: RegExp;
  /** At least one of these stands in whatever the pattern finds. */
  hints: readonly string[];
}

function createSearch(texts: readonly string[], breakable: readonly string[], shapes: boolean): Search {
  const needles = [...new Set(texts)].toSorted((a, b) => b.length - a.length);
  const short = needles.filter((needle) => needle.length < ANCHOR);
  const long = needles.filter((needle) => needle.length >= ANCHOR);
  const sources = [...short.map((needle) => escapeRegExp(needle)), ...(shapes ? SHAPES : [])];
  return {
    finder: createFinder([...long.map(literal), ...[...new Set(breakable)].flatMap(wrapped)]),
    short,
    pattern: new RegExp(sources.length === 0 ? '(?!)' : sources.join('|'), 'g'),
    hints: shapes ? [...SHAPE_HINTS, ...short] : short,
  };
}

function createStream(search: Search, shapes: boolean): RedactingStream {
  let held = '';
  /** Characters of `held` that are out already: what a search looks at in front of where it begins. */
  let before = 0;
  return {
    push(bytes) {
      held += bytes.toString('latin1');
      const look = search.finder.in(held);
      const token = shapes ? openToken(held) : held.length;
      const key = shapes ? openKey(held) : held.length;
      const named = shapes ? openAssignment(held) : held.length;
      const open = Math.min(token, key, named, look.open(), ...search.short.map((needle) => openNeedle(held, needle)));
      const { out, end } = redactUntil(search, held, before, Math.max(before, open), look);
      const kept = Math.max(0, end - 1);
      before = end - kept;
      held = held.slice(kept);
      return Buffer.from(out, 'latin1');
    },
    end() {
      const { out } = redactUntil(search, held, before, held.length);
      held = '';
      before = 0;
      return Buffer.from(out, 'latin1');
    },
  };
}

/**
 * Hides what begins from `from` on and before `cut`. A secret that is complete and reaches over it is left for later,
 * whole.
 */
function redactUntil(
  search: Search,
  text: string,
  from: number,
  cut: number,
  look = search.finder.in(text),
): { out: string; end: number } {
  let out = '';
  let at = from;
  for (const { index, end, from: known = index } of matches(search, look, text, from, cut)) {
    if (end > cut) {
      const left = Math.max(at, known);
      return { out: out + text.slice(at, left), end: left };
    }
    out += text.slice(at, index);
    out += MASK;
    at = end;
  }
  return { out: out + text.slice(at, cut), end: cut };
}

/** What is found, one after the other: that which begins first, and of several there the longest. */
function* matches({ pattern, hints }: Search, look: Look, text: string, from: number, cut: number): Generator<Found> {
  const mayMatch = hints.some((hint) => text.includes(hint));
  let needle = look.next(from);
  let shape = mayMatch ? nextMatch(pattern, text, from) : undefined;
  for (;;) {
    const found = first(needle, shape);
    if (found === undefined || (found.from ?? found.index) >= cut) return;
    yield found;
    if (needle !== undefined && needle.index < found.end) needle = look.next(found.end);
    if (shape !== undefined && shape.index < found.end) shape = nextMatch(pattern, text, found.end);
  }
}

function first(a: Found | undefined, b: Found | undefined): Found | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.index !== b.index) return a.index < b.index ? a : b;
  return a.end >= b.end ? a : b;
}

function nextMatch(pattern: RegExp, text: string, from: number): Found | undefined {
  pattern.lastIndex = from;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const label = match.slice(1).find((group) => group !== undefined);
  const found = { index: match.index + (label?.length ?? 0), end: pattern.lastIndex };
  return label === undefined ? found : { ...found, from: match.index };
}

/** Where the run of characters without a space at the end begins. */
function openToken(text: string): number {
  let at = text.length;
  while (at > 0 && text.length - at < MAX_TOKEN && !isSpace(text.charCodeAt(at - 1))) at -= 1;
  return at;
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** Where a private key begins whose end has not come. */
function openKey(text: string): number {
  const from = Math.max(0, text.length - KEY_LENGTH - 256);
  const start = text.lastIndexOf('-----BEGIN ');
  if (start < from) return text.length;
  const rest = text.slice(start);
  KEY_BEGIN.lastIndex = 0;
  if (
    KEY_BEGIN.test(rest) ? rest.includes('-----END ') && /-----END [A-Z0-9 ]+-----/.test(rest) : rest.includes('\n')
  ) {
    return text.length;
  }
  return start;
}

/** Where the longest end of the text begins that a needle begins with. */
function openNeedle(text: string, needle: string): number {
  let at = Math.max(0, text.length - needle.length + 1);
  for (at = text.indexOf(needle[0]!, at); at >= 0; at = text.indexOf(needle[0]!, at + 1)) {
    if (needle.startsWith(text.slice(at))) return at;
  }
  return text.length;
}

function redactJson(value: unknown, text: (value: string) => string, named = false): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((each) => redactJson(each, text, named));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]: [string, unknown]) => {
    const hidden = named && typeof each === 'string' && isNamedSecret(key, each);
    return [text(key), hidden ? MASK : redactJson(each, text, named)];
  });
  return Object.fromEntries(entries);
}

function escapeRegExp(literal: string): string {
  return literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

/** Hides everything: for what may hold secrets that nobody here knows. Streams begin with `notice`. */
export function createWithholder(notice: string): Redactor {
  return {
    text: withhold,
    json: <T>(value: T): T => redactJson(value, withhold) as T,
    stream() {
      let told = false;
      return {
        push(bytes) {
          if (told || bytes.length === 0) return Buffer.alloc(0);
          told = true;
          return Buffer.from(notice);
        },
        end: () => Buffer.alloc(0),
      };
    },
  };
}

function withhold(value: string): string {
  return value === '' ? '' : MASK;
}
