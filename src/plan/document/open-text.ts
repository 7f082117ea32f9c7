import type { Diagnostic } from '../model/diagnostic.js';
import type { Fault } from './faults.js';
import { indexLines, type LineIndex } from './lines.js';
import { decodeText, readDocument } from './parse.js';
import { parsePath, type Segment } from '../problems/paths.js';
import { tooMany } from '../problems/problems.js';
import { defined } from '../../basics/defined.js';

/** Diagnostics that are told of one plan; nobody reads more. */
const MAX_SHOWN = 100;
/** Codes whose caret belongs on the key: the value is not what is wrong. */
const KEY_CODES = new Set(['unknown_key', 'invalid_name', 'conflicting_keys', 'unknown_input']);

/** How a hint about a number or boolean begins that should be text. */
const IN_QUOTES = 'put it in quotes: ';

type TextPlace = Pick<Diagnostic, 'file' | 'line' | 'column'>;

/** A text that could be read. */
export interface OpenText {
  /** The document as plain JSON data. */
  value: unknown;
  /** How the number or boolean at a path is written; undefined where something else stands there. */
  textAt: (path: readonly PropertyKey[]) => string | undefined;
  placeOf(path: string | undefined, at: 'key' | 'value'): TextPlace;
  /** A diagnostic with its place; `related` are placed by `placeRelated`, else in this text too. */
  place(diagnostic: Diagnostic, placeRelated?: (related: { file?: string; path?: string }) => TextPlace): Diagnostic;
}

/** Reads the text of a plan; finding places in it costs only where there is something to show. */
export function openText(
  input: string | Uint8Array,
  file: string | undefined,
): { opened: OpenText } | { faults: Diagnostic[] } {
  const decoded = decodeText(input);
  const lines = indexLines(decoded.text);
  if ('faults' in decoded) return { faults: faultDiagnostics(decoded.faults, lines, file) };
  const read = readDocument(decoded.text, file);
  if ('faults' in read) return { faults: faultDiagnostics(read.faults, lines, file) };
  const { document } = read;
  let locator: ReturnType<typeof document.locator> | undefined;
  const textAt: OpenText['textAt'] = (path) => {
    locator ??= document.locator();
    return locator.textOf(path as Segment[]);
  };
  const placeOf = (path: string | undefined, at: 'key' | 'value'): TextPlace => {
    locator ??= document.locator();
    return {
      ...defined({ file }),
      ...lines.placeOf(path === undefined ? 0 : locator.find(parsePath(path), at)),
    };
  };
  const place: OpenText['place'] = (each, placeRelated = (other) => placeOf(other.path, 'value')) => {
    if (each.code === 'too_many_diagnostics') return { ...each, ...lastPlace(file) };
    const related = each.related?.map((other) => ({ ...other, ...placeRelated(other) }));
    const placed = { ...each, ...asWritten(each), ...placeOf(each.path, KEY_CODES.has(each.code) ? 'key' : 'value') };
    return related === undefined ? placed : { ...placed, related };
  };
  /** Who is told to put a number in quotes means what stands there: 3.10, and not 3.1. */
  const asWritten = ({ path, hint }: Diagnostic): { hint?: string } => {
    if (path === undefined || hint?.startsWith(IN_QUOTES) !== true) return {};
    const written = textAt(parsePath(path));
    return written === undefined ? {} : { hint: `${IN_QUOTES}"${written}"` };
  };
  return { opened: { value: document.value, textAt, placeOf, place } };
}

function faultDiagnostics(faults: readonly Fault[], lines: LineIndex, file: string | undefined): Diagnostic[] {
  const named = defined({ file });
  const diagnostics = faults.map(({ code, message, offset, hint, related }): Diagnostic => {
    return {
      code,
      severity: 'error',
      message,
      ...named,
      ...lines.placeOf(offset),
      ...defined({ hint }),
      ...(related === undefined
        ? {}
        : { related: related.map((other) => ({ message: other.message, ...named, ...lines.placeOf(other.offset) })) }),
    };
  });
  return cut(diagnostics.sort(byPlace));
}

/** Sorted to the end, and shown at the start of the file: it stands for no place. */
function lastPlace(file: string | undefined): TextPlace {
  return { ...defined({ file }), line: 1, column: 1 };
}

/** The order in which the diagnostics of one file are told. */
export function byPlace(a: Diagnostic, b: Diagnostic): number {
  const last = Number(a.code === 'too_many_diagnostics') - Number(b.code === 'too_many_diagnostics');
  return last || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** As many as somebody reads, and how many more there are. */
export function cut(diagnostics: Diagnostic[]): Diagnostic[] {
  if (diagnostics.length <= MAX_SHOWN) return diagnostics;
  const last = diagnostics.at(-1)!;
  const uncounted = last.code === 'too_many_diagnostics' ? Number(/\d+/.exec(last.message)?.[0]) - 1 : 0;
  const { file } = last;
  return [
    ...diagnostics.slice(0, MAX_SHOWN),
    { ...tooMany(diagnostics.length - MAX_SHOWN + uncounted), ...lastPlace(file) },
  ];
}
