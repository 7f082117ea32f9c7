export type Severity = 'error' | 'warning';

/** One thing that is wrong with a plan (or with what was given along with it), and where. */
export interface Diagnostic {
  /** Stable snake_case code; docs/errors.md has an entry for each. */
  code: string;
  severity: Severity;
  message: string;
  /** File as the user named it. Absent where the value did not come from a file. */
  file?: string;
  /** 1-based. */
  line?: number;
  /** 1-based, counted in UTF-16 code units as editors do. */
  column?: number;
  /** Where in the document, e.g. `steps[3].depends_on[0]`. */
  path?: string;
  hint?: string;
  /** Further places that belong to it (each edge of a cycle, the first of two duplicates). */
  related?: readonly { message: string; file?: string; line?: number; column?: number; path?: string }[];
}

/** A value or the reasons why there is none. */
export type Result<T, E> = { ok: true; value: T } | { ok: false; error: E };
