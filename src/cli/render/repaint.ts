import { stripVTControlCharacters } from 'node:util';
import { widthOf } from './width.js';

/** A block of lines as it stands on a terminal; the cursor is below it. */
export interface Drawn {
  lines: readonly string[];
  /** Columns of the terminal then. */
  columns: number;
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
  const resized = before !== undefined && before.columns !== next.columns;
  const old = before?.lines ?? [];
  if (!resized && old.length === next.lines.length && old.every((line, i) => line === next.lines[i])) return '';
  const lines = next.lines.map((line, i) => (line === old[i] && !resized ? '\n' : `${line}${ERASE_REST}\n`));
  return `${TOGETHER.begin}${upOver(old, next.columns)}${lines.join('')}${ERASE_BELOW}${TOGETHER.end}`;
}

/** Moves to the first line of a block. A terminal that has become narrower has wrapped its long lines. */
function upOver(lines: readonly string[], columns: number): string {
  const rows = lines.reduce(
    (sum, line) => sum + Math.max(1, Math.ceil(widthOf(stripVTControlCharacters(line)) / columns)),
    0,
  );
  return rows === 0 ? FIRST_COLUMN : `${FIRST_COLUMN}\u001B[${rows}A`;
}
