import type { DiagnosticCode } from '../problems/codes.js';
import type { Segment } from '../problems/paths.js';

/** Levels of nesting that a plan may have. Deeper is hostile: whatever reads it would run out of stack. */
export const MAX_DEPTH = 100;
/** Values that a document may hold: several times what a plan of ten thousand steps does. */
export const MAX_VALUES = 1_000_000;

/** What a reader found wrong, by offset into the text. */
export interface Fault {
  code: DiagnosticCode;
  message: string;
  offset: number;
  hint?: string;
  related?: readonly { message: string; offset: number }[];
}

/** Finds where the parts of a document stand. */
export interface Locator {
  /**
   * Offset of what stands at a path, or of the nearest thing round it.
   *
   * @param at `key` for the key itself; entries of lists have none, there it is the value
   */
  find(path: readonly Segment[], at: 'key' | 'value'): number;
  /** How the number or boolean at a path is written; undefined where something else stands there. */
  textOf(path: readonly Segment[]): string | undefined;
}

/** A document that could be read: its plain value, and a way to find its parts. */
interface ParsedDocument {
  value: unknown;
  /** Costs a second reading, or memory, so it is made only where something is to be shown. */
  locator(): Locator;
}

/** How reading ended. */
export type ReadResult = { document: ParsedDocument } | { faults: Fault[] };
