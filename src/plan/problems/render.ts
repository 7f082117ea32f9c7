import type { Diagnostic } from '../model/diagnostic.js';
import { withoutMark } from './byte-order-mark.js';

/** Columns of a source line that are shown; longer ones are cut round the caret. */
const MAX_WIDTH = 100;
/** Places of one diagnostic that are shown: a cycle may have thousands. */
const MAX_RELATED = 20;

/** Colours a part of the text. */
export type Paint = (part: 'error' | 'warning' | 'place' | 'hint' | 'caret', text: string) => string;

/**
 * Renders diagnostics for people: each with its place, the source line with a caret, and the hint, then a summary.
 *
 * @param text the file that all of them are about, or the text of each file by its name; without it no source lines
 * are shown
 * @param colour true for terminal colours, or a function that paints
 */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  text?: string | ReadonlyMap<string, string>,
  colour: boolean | Paint = false,
): string {
  const paint = typeof colour === 'function' ? colour : colour ? ansi : (_: unknown, plain: string) => plain;
  const linesOf = splitter(text);
  const blocks = diagnostics.map((each) => renderOne(each, linesOf(each.file), paint).join('\n'));
  return [...blocks, summarise(diagnostics)].join('\n\n');
}

/** Gives the lines of a file; each text is split once. */
function splitter(
  text: string | ReadonlyMap<string, string> | undefined,
): (file: string | undefined) => readonly string[] | undefined {
  const split = new Map<string | undefined, readonly string[]>();
  return (file) => {
    const whole = typeof text === 'object' ? text.get(file ?? '') : text;
    if (whole !== undefined && !split.has(file)) split.set(file, withoutMark(whole).split('\n'));
    return split.get(file);
  };
}

/** `2 errors, 1 warning`. */
export function summarise(diagnostics: readonly Diagnostic[]): string {
  const more = diagnostics.filter((each) => each.code === 'too_many_diagnostics');
  const errors = diagnostics.filter((each) => each.severity === 'error').length - more.length;
  const warnings = diagnostics.filter((each) => each.severity === 'warning').length;
  const parts = [
    ...(errors > 0 ? [`${errors} ${errors === 1 ? 'error' : 'errors'}`] : []),
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
    ...more.map((each) => each.message),
  ];
  return parts.length === 0 ? 'no problems' : parts.join(', ');
}

function renderOne(diagnostic: Diagnostic, lines: readonly string[] | undefined, paint: Paint): string[] {
  const { code, severity, message, hint, related = [] } = diagnostic;
  if (code === 'too_many_diagnostics') return [printable(`${message}${hint === undefined ? '' : `: ${hint}`}`)];
  const place = placeText(diagnostic);
  const head = `${place === '' ? '' : `${paint('place', place)}: `}${paint(severity, `${severity}[${code}]`)}: ${printable(message)}`;
  const out = [head, ...excerpt(diagnostic, lines, paint)];
  for (const other of related.slice(0, MAX_RELATED)) {
    const at = placeText(other) || (other.path ?? '');
    out.push(`  ${paint('place', at)}: ${printable(other.message)}`);
  }
  const more = related.length - MAX_RELATED;
  if (more > 0) out.push(`  … and ${more} more ${more === 1 ? 'place' : 'places'}`);
  if (hint !== undefined) out.push(`  ${paint('hint', 'hint')}: ${printable(hint)}`);
  return out;
}

function placeText(place: { file?: string; line?: number; column?: number; path?: string }): string {
  const at = place.line === undefined ? [] : [place.line, ...(place.column === undefined ? [] : [place.column])];
  const parts = [...(place.file === undefined ? [] : [printable(place.file)]), ...at];
  return parts.length === 0 ? printable(place.path ?? '') : parts.join(':');
}

/** The source line, cut to a width that fits, and the caret below it. */
function excerpt(place: Diagnostic, lines: readonly string[] | undefined, paint: Paint): string[] {
  const line = place.line === undefined ? undefined : lines?.[place.line - 1]?.replace(/\r$/, '');
  if (line === undefined || line.trim() === '' || place.column === undefined) return [];
  const column = Math.min(place.column - 1, line.length);
  const length = tokenLength(line, column);
  const from = line.length <= MAX_WIDTH || column < MAX_WIDTH / 2 ? 0 : column - MAX_WIDTH / 2;
  const to = Math.min(line.length, from + MAX_WIDTH);
  const before = `${from > 0 ? '…' : ''}${printable(line.slice(from, column))}`;
  const shown = Math.min(length, Math.max(to - column, 1));
  // A tab that something is said of is to be seen.
  const token = printable(line.slice(column, column + shown).replaceAll('\t', '→'));
  const after = `${printable(line.slice(column + shown, to))}${to < line.length ? '…' : ''}`;
  const gutter = String(place.line);
  const blank = ' '.repeat(gutter.length);
  return [
    `  ${gutter} | ${before}${token}${after}`,
    `  ${blank} | ${' '.repeat(width(before))}${paint('caret', '^'.repeat(Math.max(width(token), 1)))}`,
  ];
}

/** How much the caret underlines: a quoted text, a word, or one bracket. */
function tokenLength(line: string, column: number): number {
  const rest = line.slice(column, column + MAX_WIDTH);
  const quoted = /^"(?:[^"\\]|\\.)*"|^'(?:[^']|'')*'/.exec(rest);
  if (quoted !== null) return quoted[0].length;
  const template = /^\$\{[^}]*\}/.exec(rest);
  if (template !== null) return template[0].length;
  return /^[^\s,:[\]{}"']+/.exec(rest)?.[0].length ?? 1;
}

/** Control characters could move the terminal's cursor or hide text: they are shown as escapes, tabs as one space. */
function printable(text: string): string {
  return text
    .replaceAll('\t', ' ')
    .replace(
      /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

/** Columns that a text takes; wide ones (CJK, emoji) take two. */
function width(text: string): number {
  let columns = 0;
  for (const char of text) columns += /\p{Mn}/u.test(char) ? 0 : isWide(char.codePointAt(0)!) ? 2 : 1;
  return columns;
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff)
  );
}

const CODES = { error: '31;1', warning: '33;1', place: '1', hint: '36', caret: '31' } as const;

const ansi: Paint = (part, text) => `\u001b[${CODES[part]}m${text}\u001b[0m`;
