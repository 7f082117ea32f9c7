import type { Diagnostic } from '../model/diagnostic.js';
import type { DiagnosticCode } from './codes.js';
import { formatPath } from './paths.js';
import { defined } from '../../basics/defined.js';

/** What is kept of the diagnostics of one document; the rest is counted, so that hostile input costs no memory. */
const MAX_KEPT = 1000;

/** Collects the diagnostics of a document. */
export interface Problems {
  add(problem: Problem): void;
  readonly found: Diagnostic[];
  /** How many were left out of `found`. */
  readonly more: number;
}

/** A diagnostic whose path is still in parts. An error, unless it says otherwise. */
export interface Problem {
  code: DiagnosticCode;
  path: readonly PropertyKey[];
  message: string;
  hint?: string | undefined;
  severity?: Diagnostic['severity'];
  related?: readonly { message: string; path: readonly PropertyKey[] }[];
}

/** Makes an empty collection. */
export function collectProblems(): Problems {
  const found: Diagnostic[] = [];
  let more = 0;
  return {
    add(problem) {
      if (found.length < MAX_KEPT) found.push(toDiagnostic(problem));
      // Those that are left out make the document wrong, and no number of warnings does.
      else if (problem.severity !== 'warning') more += 1;
    },
    found,
    get more() {
      return more;
    },
  };
}

/** Turns a problem into what is shown. */
export function toDiagnostic(problem: Problem): Diagnostic {
  const { code, path, message, hint, severity = 'error', related } = problem;
  return {
    code,
    severity,
    message,
    ...(path.length === 0 ? {} : { path: formatPath(path) }),
    ...defined({ hint }),
    ...(related === undefined || related.length === 0
      ? {}
      : { related: related.map((place) => ({ message: place.message, path: formatPath(place.path) })) }),
  };
}

/** The last diagnostic of a list that was cut. */
export function tooMany(more: number): Diagnostic {
  return {
    code: 'too_many_diagnostics',
    severity: 'error',
    message: `and ${more} more`,
    hint: 'fix the ones above first; many of the others may have the same cause',
  };
}

/** Names a value's type as a reader of JSON or YAML would. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'a string';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'a boolean';
    case 'object':
      return 'a map';
    default:
      return 'nothing';
  }
}

/** A value from a document, quoted, short enough for a message. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return `'${text.length > 60 ? `${text.slice(0, 57)}…` : text}'`;
}
