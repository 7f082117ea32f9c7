import { KEY_BEGIN, KEY_LENGTH, SHAPE_HINTS, SHAPES } from './shapes.js';
import { spellings } from './spellings.js';

/** What stands for a secret. */
export const MASK = '***';

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
  const texts = [...new Set(secrets.flatMap(spellings))].toSorted((a, b) => b.length - a.length);
  // Streams are searched as bytes, one character each, so that what is no UTF-8 stays as it is.
  const bytes = texts.map((text) => Buffer.from(text, 'utf8').toString('latin1'));
  const inText = pattern(texts, shapes);
  const inBytes = pattern(bytes, shapes);
  const text = (value: string): string => value.replaceAll(inText, MASK);
  return {
    text,
    json: <T>(value: T): T => redactJson(value, text) as T,
    stream: () => createStream(inBytes, shapes ? [...SHAPE_HINTS, ...bytes] : bytes, bytes),
  };
}

function pattern(needles: readonly string[], shapes: boolean): RegExp {
  const sources = [...needles.map((needle) => escapeRegExp(needle)), ...(shapes ? SHAPES : [])];
  return new RegExp(sources.length === 0 ? '(?!)' : sources.join('|'), 'g');
}

function createStream(search: RegExp, hints: readonly string[], needles: readonly string[]): RedactingStream {
  const mayHold = (text: string): boolean => hints.some((hint) => text.includes(hint));
  let held = '';
  return {
    push(bytes) {
      held += bytes.toString('latin1');
      const open = Math.min(openToken(held), openKey(held), ...needles.map((needle) => openNeedle(held, needle)));
      const { out, end } = mayHold(held) ? redactUntil(held, open, search) : { out: held.slice(0, open), end: open };
      held = held.slice(end);
      return Buffer.from(out, 'latin1');
    },
    end() {
      const { out } = redactUntil(held, held.length, search);
      held = '';
      return Buffer.from(out, 'latin1');
    },
  };
}

/** Hides what begins before `cut`. A secret that is complete and reaches over it is left for later, whole. */
function redactUntil(text: string, cut: number, search: RegExp): { out: string; end: number } {
  let out = '';
  let at = 0;
  search.lastIndex = 0;
  for (let match = search.exec(text); match !== null && match.index < cut; match = search.exec(text)) {
    out += text.slice(at, match.index);
    at = match.index;
    if (search.lastIndex > cut) return { out, end: at };
    out += MASK;
    at = search.lastIndex;
  }
  return { out: out + text.slice(at, cut), end: cut };
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

function redactJson(value: unknown, text: (value: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((each) => redactJson(each, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [text(key), redactJson(each, text)]));
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
