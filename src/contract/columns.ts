/** Anything that JSON can say. */
type Value = unknown;
type Row = Record<string, Value>;

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
type Entry = { value: Value } | { naming: string };

const ABSENT = '~';
/** Stands for the name of the row. No path holds it. */
const NAME = '\u0000';

/**
 * Packs rows without loss; fields that are undefined count as absent.
 *
 * @param names one for each row: texts like `…/NAME/…` are alike then
 * @param nested fields that are records themselves, and are taken apart too
 */
export function packRows(
  rows: readonly object[],
  names: readonly string[],
  nested: readonly string[] = [],
): PackedRows {
  const columns = new Map<string, Value[]>();
  const put = (i: number, key: string, value: Value): void => {
    let column = columns.get(key);
    if (column === undefined) columns.set(key, (column = Array.from<Value>({ length: rows.length })));
    column[i] = value;
  };
  const below = new Map(nested.map((key) => [key, new Map<string, string>()]));
  rows.forEach((row, i) => {
    for (const key in row) {
      const value = (row as Row)[key];
      const known = below.get(key);
      if (known === undefined || value === undefined) put(i, key, value);
      else for (const inner in value as Row) put(i, joined(known, key, inner), (value as Row)[inner]);
    }
  });
  const packed = [...columns].map(([key, values]): [string, Column] => [key, packColumn(values, names)]);
  return { rows: rows.length, columns: Object.fromEntries(packed) };
}

/** The name of a field of a field, made once: there may be a million of them. */
function joined(known: Map<string, string>, outer: string, inner: string): string {
  let name = known.get(inner);
  if (name === undefined) known.set(inner, (name = `${outer}.${inner}`));
  return name;
}

/** How rows come out. */
interface Unpacking {
  /** Fields that are records themselves. */
  nested?: readonly string[];
  /** Rows that say the same share it: nobody may change what they hold. */
  shared?: boolean;
}

/** The rows that {@link packRows} was given. */
export function unpackRows(
  { rows, columns }: PackedRows,
  names: readonly string[],
  { nested = [], shared = false }: Unpacking = {},
): Row[] {
  // Row by row, each with its fields in one order: so they are of one kind to the machine.
  const readers = Object.entries(columns).map(([key, column]) => {
    const [outer, inner] = partsOf(key, nested);
    return { outer, inner, read: readerOf(column, names, shared) };
  });
  return Array.from({ length: rows }, (_, i) => {
    const row: Row = {};
    for (const { outer, inner, read } of readers) {
      const value = read(i);
      if (value === undefined) continue;
      if (inner === undefined) row[outer] = value;
      else ((row[outer] ??= {}) as Row)[inner] = value;
    }
    return row;
  });
}

/** Packs one list of values. */
export function packColumn(values: readonly Value[], names: readonly string[] = []): Column {
  const words = new Words();
  if (allNumbers(values)) {
    let before = 0;
    for (const value of values) {
      if (value === undefined) words.add(undefined);
      else {
        words.add((value as number) - before);
        before = value as number;
      }
    }
    return words.text();
  }
  const entries = new Entries();
  values.forEach((value, i) => words.add(value === undefined ? undefined : entries.placeOf(value, names[i])));
  return { of: entries.of, at: words.text() };
}

function allNumbers(values: readonly Value[]): boolean {
  const { isSafeInteger } = Number;
  return values.every((value) => value === undefined || isSafeInteger(value));
}

/** The values that {@link packColumn} was given. */
export function unpackColumn(column: Column, names: readonly string[] = []): Value[] {
  const read = readerOf(column, names, false);
  return Array.from({ length: lengthOf(typeof column === 'string' ? column : column.at) }, (_, i) => read(i));
}

/** What occurs in a column, each once. */
class Entries {
  readonly of: Entry[] = [];
  private readonly places = new Map<string, number>();
  /** The last one: neighbours are often alike. */
  private last: { place: number; value: Value; around: readonly string[] | undefined } | undefined;

  placeOf(value: Value, name: string | undefined): number {
    if (this.last !== undefined && this.isLast(value, name)) return this.last.place;
    const entry = entryOf(value, name);
    const text = JSON.stringify(entry);
    let place = this.places.get(text);
    if (place === undefined) {
      place = this.of.push(entry) - 1;
      this.places.set(text, place);
    }
    this.last = { place, value, around: 'naming' in entry ? entry.naming.split(NAME) : undefined };
    return place;
  }

  /** Without a look at all of a text: there may be a hundred thousand of them. */
  private isLast(value: Value, name: string | undefined): boolean {
    const { value: last, around } = this.last!;
    // A text that does not name its row may be one that names the next.
    if (around === undefined) return value === last && (typeof value !== 'string' || !isNamed(value, name));
    return name !== undefined && typeof value === 'string' && value === around.join(name);
  }
}

function entryOf(value: Value, name: string | undefined): Entry {
  if (typeof value !== 'string' || name === undefined || value.includes(NAME)) return { value };
  if (value === name) return { naming: NAME };
  const part = `/${name}/`;
  return value.includes(part) ? { naming: value.replaceAll(part, `/${NAME}/`) } : { value };
}

function isNamed(value: string, name: string | undefined): boolean {
  return name !== undefined && (value === name || value.includes(`/${name}/`));
}

function partsOf(key: string, nested: readonly string[]): [outer: string, inner?: string] {
  const outer = nested.find((each) => key.startsWith(`${each}.`));
  return outer === undefined ? [key] : [outer, key.slice(outer.length + 1)];
}

/** Words of a column as they are written down. */
class Words {
  private readonly runs: string[] = [];
  private number: number | undefined;
  private count = 0;

  add(number: number | undefined): void {
    if (number !== this.number) this.endRun();
    this.number = number;
    this.count += 1;
  }

  text(): string {
    this.endRun();
    return this.runs.join(' ');
  }

  private endRun(): void {
    if (this.count > 0) {
      const word = this.number === undefined ? ABSENT : this.number.toString(36);
      this.runs.push(this.count === 1 ? word : `${word}*${this.count.toString(36)}`);
    }
    this.count = 0;
  }
}

/** How many values a column has. */
function lengthOf(text: string): number {
  if (text === '') return 0;
  return text.split(' ').reduce((sum, run) => sum + countOf(run), 0);
}

function countOf(run: string): number {
  const star = run.indexOf('*');
  return star < 0 ? 1 : Number.parseInt(run.slice(star + 1), 36);
}

/** Reads a column from its first value to its last, one after the other. */
function readerOf(column: Column, names: readonly string[], shared: boolean): (row: number) => Value {
  const runs = runsOf(typeof column === 'string' ? column : column.at);
  let left = 0;
  let valueAt: (row: number) => Value = absent;
  let before = 0;
  // What a word means is found out once for all that it stands for: in a workflow, what is global is slow to come by.
  const meaningOf = (word: string): typeof valueAt => {
    if (word === ABSENT) return absent;
    const number = Number.parseInt(word, 36);
    if (typeof column === 'string') return () => (before += number);
    const entry = column.of[number]!;
    if ('naming' in entry) {
      const around = entry.naming.split(NAME);
      return (row) => around.join(names[row]);
    }
    const { value } = entry;
    // Each row has its own: what is packed together may be changed apart.
    return typeof value === 'object' && !shared ? () => jsonCopy(value) : () => value;
  };
  return (row) => {
    if (left === 0) {
      const [word, count] = runs();
      valueAt = meaningOf(word);
      left = count;
    }
    left -= 1;
    return valueAt(row);
  };
}

function absent(): undefined {
  return undefined;
}

/** Gives one word after the other, each with how often it comes; behind the last it is absent. */
function runsOf(text: string): () => [word: string, count: number] {
  let at = 0;
  return () => {
    if (at >= text.length) return [ABSENT, Infinity];
    const space = text.indexOf(' ', at);
    const run = text.slice(at, space < 0 ? text.length : space);
    at += run.length + 1;
    return [run.split('*', 1)[0]!, countOf(run)];
  };
}

/** A copy of what JSON can say, of which nothing is shared. */
export function jsonCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
