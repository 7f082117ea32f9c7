import { checkPlan } from './check.js';
import type { Fault, ParsedDocument } from './document.js';
import { buildGraph, type Graph } from './graph.js';
import { indexLines, type LineIndex } from './lines.js';
import { decodeText, readDocument } from './parse.js';
import { parsePath } from './paths.js';
import { tooMany } from './problems.js';
import type { Diagnostic, Plan, Result } from './types.js';

/** Diagnostics that are told of one file; nobody reads more. */
const MAX_SHOWN = 100;
/** Codes whose caret belongs on the key: the value is not what is wrong. */
const KEY_CODES = new Set(['unknown_key', 'not_supported_yet', 'invalid_name', 'conflicting_keys']);

/** A plan that was read and checked. */
export interface LoadedPlan {
  /** The document as plain JSON data: what a run is started with. */
  source: unknown;
  plan: Plan;
  graph: Graph;
  /** Warnings, in the order of their places. */
  diagnostics: Diagnostic[];
}

export interface LoadOptions {
  /** Name of the file for diagnostics; `.json` and `.yaml` decide about the format where the text does not. */
  file?: string;
  /** Takes every warning for an error. */
  strict?: boolean;
}

/**
 * Reads and checks a plan, JSON or YAML.
 *
 * @param text the file's content; bytes must be UTF-8
 * @returns the plan, or everything that is wrong with it, each with file, line and column, in the order of places
 * @example
 * const loaded = loadPlanText(readFileSync('plan.yaml'), { file: 'plan.yaml' });
 * if (!loaded.ok) console.error(renderDiagnostics(loaded.error));
 */
export function loadPlanText(text: string | Uint8Array, options: LoadOptions = {}): Result<LoadedPlan, Diagnostic[]> {
  const read = readPlaces(text, options.file);
  if ('faults' in read) return { ok: false, error: read.faults };
  const { document, lines } = read;
  const checked = checkPlan(document.value);
  const found = checked.ok ? checked.value.warnings : checked.error;
  const placed = found.length === 0 ? [] : place(found, document, lines, options.file);
  const diagnostics = options.strict ? placed.map((each) => ({ ...each, severity: 'error' as const })) : placed;
  if (!checked.ok || (options.strict && diagnostics.length > 0)) return { ok: false, error: cut(diagnostics) };
  const { plan } = checked.value;
  return { ok: true, value: { source: document.value, plan, graph: buildGraph(plan), diagnostics: cut(diagnostics) } };
}

/**
 * Gives diagnostics that were found later (a missing name, say) their places in the text of the plan that they are
 * about, by their paths. Those without a path, and all of a text that cannot be read, are returned as they are.
 */
export function attachPlaces(diagnostics: readonly Diagnostic[], text: string, file?: string): Diagnostic[] {
  const read = readPlaces(text, file);
  if ('faults' in read) return [...diagnostics];
  const pathless = diagnostics.filter((each) => each.path === undefined);
  const others = diagnostics.filter((each) => each.path !== undefined);
  return [...place(others, read.document, read.lines, file), ...pathless];
}

function readPlaces(
  input: string | Uint8Array,
  file: string | undefined,
): { document: ParsedDocument; lines: LineIndex } | { faults: Diagnostic[] } {
  const decoded = decodeText(input);
  const lines = indexLines(decoded.text);
  if ('faults' in decoded) return { faults: faultDiagnostics(decoded.faults, lines, file) };
  const read = readDocument(decoded.text, file);
  if ('faults' in read) return { faults: faultDiagnostics(read.faults, lines, file) };
  return { document: read.document, lines };
}

function faultDiagnostics(faults: readonly Fault[], lines: LineIndex, file: string | undefined): Diagnostic[] {
  const named = file === undefined ? {} : { file };
  const diagnostics = faults.map(({ code, message, offset, hint, related }): Diagnostic => {
    return {
      code,
      severity: 'error',
      message,
      ...named,
      ...lines.placeOf(offset),
      ...(hint === undefined ? {} : { hint }),
      ...(related === undefined
        ? {}
        : { related: related.map((other) => ({ message: other.message, ...named, ...lines.placeOf(other.offset) })) }),
    };
  });
  return cut(diagnostics.sort(byPlace));
}

function place(
  diagnostics: readonly Diagnostic[],
  document: ParsedDocument,
  lines: LineIndex,
  file: string | undefined,
): Diagnostic[] {
  const locator = document.locator();
  const placeOf = (path: string | undefined, at: 'key' | 'value') => ({
    ...(file === undefined ? {} : { file }),
    ...lines.placeOf(path === undefined ? 0 : locator.find(parsePath(path), at)),
  });
  const placed = diagnostics.map((each): Diagnostic => {
    if (each.code === 'too_many_diagnostics') return { ...each, ...lastPlace(file) };
    return {
      ...each,
      ...placeOf(each.path, KEY_CODES.has(each.code) ? 'key' : 'value'),
      ...(each.related === undefined
        ? {}
        : { related: each.related.map((other) => ({ ...other, ...placeOf(other.path, 'value') })) }),
    };
  });
  return placed.sort(byPlace);
}

/** Sorted to the end, and shown at the start of the file: it stands for no place. */
function lastPlace(file: string | undefined): Pick<Diagnostic, 'file' | 'line' | 'column'> {
  return { ...(file === undefined ? {} : { file }), line: 1, column: 1 };
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  const last = Number(a.code === 'too_many_diagnostics') - Number(b.code === 'too_many_diagnostics');
  return last || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

function cut(diagnostics: Diagnostic[]): Diagnostic[] {
  if (diagnostics.length <= MAX_SHOWN) return diagnostics;
  const last = diagnostics.at(-1)!;
  const uncounted = last.code === 'too_many_diagnostics' ? Number(/\d+/.exec(last.message)?.[0]) - 1 : 0;
  const { file } = last;
  return [
    ...diagnostics.slice(0, MAX_SHOWN),
    { ...tooMany(diagnostics.length - MAX_SHOWN + uncounted), ...lastPlace(file) },
  ];
}
