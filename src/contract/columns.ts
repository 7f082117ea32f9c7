/** Anything that JSON can say. */
export type Value = unknown;
export type Row = Record<string, Value>;

/**
 * Many alike records, a column for each of their fields. A hundred thousand steps that ended well come to some runs of
 * equal numbers, not to a hundred thousand objects.
 */
export interface PackedRows {
  rows: number;
  columns: Record<string, Column>;
}

/**
 * Numbers as the differences between neighbours, everything else as places in a list of what occurs. Both as words of
 * base 36, `WORD*N` for one that comes N times, {@link ABSENT} where a row has no such field.
 */
export type Column = string | { of: Entry[]; at: string };

/** A text that names its row is kept once for all rows. */
export type Entry = { value: Value } | { naming: string };

/** The word of a row that has no such field. */
export const ABSENT = '~';
/** Of the numbers in words. */
export const BASE = 36;
/** Stands for the name of the row. No path holds it. */
export const NAME = '\u0000';

/** A copy of what JSON can say, of which nothing is shared. */
export function jsonCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
