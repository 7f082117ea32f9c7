import { stripVTControlCharacters } from 'node:util';
import { widthOf } from './width.js';

/** A block of lines as it stands on a terminal; the cursor is below it. */
export interface Drawn {
  lines: readonly string[];
  /** Columns of the terminal then. */
  columns: number;
  /** Its rows, where they are known. */
  rows?: number;
  /** Rows of earlier blocks that left the screen at its top when the terminal became lower. */
  gone?: number;
}

/** Terminals that know these show all between them at once; others pass over them. */
const TOGETHER = { begin: '\u001B[?2026h', end: '\u001B[?2026l' };
const FIRST_COLUMN = '\u001B[G';
const ERASE_REST = '\u001B[K';
const ERASE_BELOW = '\u001B[J';

/**
 * What makes a terminal show other lines in place of a block. Lines that stay are not written, and none is erased
 * before it is written over, so nothing flickers. '' where nothing changes.
 */
export function repaint(before: Drawn | undefined, next: Drawn): string {
  const { back, lost } = movedRows(before, next);
  const moved = back > 0 || lost > 0 || (before !== undefined && before.columns !== next.columns);
  const old = before?.lines ?? [];
  if (!moved && old.length === next.lines.length && old.every((line, i) => line === next.lines[i])) return '';
  const lines = next.lines.map((line, i) => (line === old[i] && !moved ? '\n' : `${line}${ERASE_REST}\n`));
  const up = upBy(rowsOf(old, next.columns) - lost + back);
  return `${TOGETHER.begin}${up}${lines.join('')}${ERASE_BELOW}${TOGETHER.end}`;
}

/** A block as {@link repaint} has drawn it over another one: what a later, higher terminal may bring back is known. */
export function drawnOver(before: Drawn | undefined, next: Drawn): Drawn {
  const { back, lost } = movedRows(before, next);
  return { ...next, gone: (before?.gone ?? 0) + lost - back };
}

/**
 * Rows of ours that the terminal has moved. One that becomes lower keeps the cursor on the screen, and what is above it
 * leaves at the top. One that becomes higher brings as many rows back as it gains; others stay at their top row, where
 * going up further changes nothing.
 */
function movedRows(before: Drawn | undefined, { columns, rows }: Drawn): { lost: number; back: number } {
  if (before?.rows === undefined || rows === undefined || rows === before.rows) return { lost: 0, back: 0 };
  if (rows > before.rows) return { lost: 0, back: Math.min(before.gone ?? 0, rows - before.rows) };
  // The cursor is in a row of its own.
  return { lost: Math.max(0, rowsOf(before.lines, columns) + 1 - rows), back: 0 };
}

/** Rows that lines take. A terminal that has become narrower has wrapped its long lines. */
function rowsOf(lines: readonly string[], columns: number): number {
  return lines.reduce(
    (sum, line) => sum + Math.max(1, Math.ceil(widthOf(stripVTControlCharacters(line)) / columns)),
    0,
  );
}

/** Moves to the beginning of the line so many rows further up. */
function upBy(rows: number): string {
  return rows === 0 ? FIRST_COLUMN : `${FIRST_COLUMN}\u001B[${rows}A`;
}
