import { stripVTControlCharacters } from 'node:util';
import type { Colors } from 'picocolors/types.js';
import type { StepStatus } from '../../contract/statuses.js';
import { escapeControls } from '../terminal.js';

export { duration } from '../../basics/duration.js';

/** How many of a thing: `1 step`, `7 steps`. */
export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** Bytes as people read them: `812 B`, `14.2 kB`, `1.3 GB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 999.95 && unit < units.length - 1; unit += 1) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A status in its colour, padded to the widest. */
export function statusWord(colors: Colors, status: StepStatus | 'started'): string {
  const word = status.padEnd(8);
  switch (status) {
    case 'success':
      return colors.green(word);
    case 'warning':
      return colors.yellow(word);
    case 'failed':
      return colors.red(word);
    case 'canceled':
      return colors.magenta(word);
    case 'skipped':
    case 'pending':
      return colors.dim(word);
    case 'running':
    case 'waiting':
    case 'started':
      return colors.cyan(word);
    default:
      return status satisfies never;
  }
}

/** Text of others, of several lines, without the codes of terminals that are in it. */
export function printable(text: string): string {
  return escapeControls(stripVTControlCharacters(text).replaceAll('\r\n', '\n'));
}

/** The same in one line: nobody's words may look like a line that orch wrote. */
export function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*[\r\n\u2028\u2029\u0085]\s*/g, ' '));
}

/** What is shown as the several lines that it has, each behind a sign of ours. */
const OF_LINES = new Set(['stdout_tail', 'stderr_tail']);

/**
 * A view of a run, a plan or whatever else comes from others, as renderers for people get it: every text in it, keys
 * too, is one line and printable. JSON is made of the view itself.
 */
export function forPeople<T>(view: T, key = ''): T {
  if (typeof view === 'string') return (OF_LINES.has(key) ? printable(view) : oneLine(view)) as T;
  if (Array.isArray(view)) return view.map((each: unknown) => forPeople(each)) as T;
  if (typeof view !== 'object' || view === null || Object.getPrototypeOf(view) !== Object.prototype) return view;
  return Object.fromEntries(Object.entries(view).map(([name, each]) => [oneLine(name), forPeople(each, name)])) as T;
}

/** Characters of the longest text, but at least so many. There may be a hundred thousand: too many for arguments. */
export function longest(texts: readonly string[], least: number): number {
  return texts.reduce((most, { length }) => Math.max(most, length), least);
}
