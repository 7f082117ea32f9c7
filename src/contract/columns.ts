/** Anything that JSON can say. */
type Value = unknown;
type Row = Record<string, Value>;

/** In a workflow, what is global is slow to come by. */
const { parseInt } = Number;

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
const BASE = 36;
/** Stands for {@link ABSENT} among words that have been read; no number that is packed is as large. */
const NONE = Infinity;
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
  const packer = new RowPacker(nested);
  rows.forEach((row, i) => packer.put(i, row));
  return packer.packed(rows.length, names);
}

/** Packs rows one after the other, as {@link packRows} does. */
export class RowPacker {
  private readonly columns = new Map<string, ColumnPacker>();
  /** Names of the fields of nested ones. */
  private readonly below: ReadonlyMap<string, Map<string, string>>;

  constructor(nested: readonly string[]) {
    this.below = new Map(nested.map((key) => [key, new Map<string, string>()]));
  }

  put(i: number, row: object): void {
    for (const key in row) {
      const value = (row as Row)[key];
      const known = this.below.get(key);
      if (known === undefined || value === undefined) this.column(key).put(i, value);
      else for (const inner in value as Row) this.column(joined(known, key, inner)).put(i, (value as Row)[inner]);
    }
  }

  column(key: string): ColumnPacker {
    let column = this.columns.get(key);
    if (column === undefined) this.columns.set(key, (column = new ColumnPacker()));
    return column;
  }

  packed(rows: number, names: readonly string[]): PackedRows {
    const columns = [...this.columns].map(([key, column]): [string, Column] => [key, column.packed(rows, names)]);
    return { rows, columns: Object.fromEntries(columns) };
  }
}

/** The name of a field of a field, made once: there may be a million of them. */
function joined(known: Map<string, string>, outer: string, inner: string): string {
  let name = known.get(inner);
  if (name === undefined) known.set(inner, (name = `${outer}.${inner}`));
  return name;
}

/** The rows that {@link packRows} was given. */
export function unpackRows(packed: PackedRows, names: readonly string[], how: Unpacking = {}): Row[] {
  const reader = new RowReader(packed, (row) => names[row], how);
  return Array.from({ length: packed.rows }, (_, row) => reader.at(row));
}

/** How rows come out. */
interface Unpacking {
  /** Fields that are records themselves. */
  nested?: readonly string[];
  /** Rows that say the same share it: nobody may change what they hold. */
  shared?: boolean;
}

/** A row whose copies stand for others: most neighbours have the same fields, and much of the same in them. */
interface Model {
  row: Row;
  values: readonly Value[];
}

/** Reads packed rows in any order. */
export class RowReader {
  private readonly columns: ReadonlyMap<string, ColumnReader>;
  private readonly fields: readonly { outer: string; inner: string | undefined; column: ColumnReader }[];
  private readonly nested: readonly string[];
  private model: Model | undefined;

  /** @param nameOf what a row is called */
  constructor(
    { columns }: PackedRows,
    nameOf: (row: number) => string | undefined,
    { nested = [], shared = false }: Unpacking,
  ) {
    this.columns = new Map(
      Object.entries(columns).map(([key, column]) => [key, new ColumnReader(column, nameOf, shared)]),
    );
    this.fields = [...this.columns].map(([key, column]) => {
      const [outer, inner] = partsOf(key, nested);
      return { outer, inner, column };
    });
    this.nested = nested.filter((each) =>
      this.fields.some(({ outer, inner }) => outer === each && inner !== undefined),
    );
  }

  at(row: number): Row {
    const { fields } = this;
    const values = fields.map(({ column }) => column.at(row));
    const model = this.modelFor(values);
    // Copies of one object are made far sooner than objects that are put together field by field.
    const found = { ...model.row };
    for (const key of this.nested) if (found[key] !== undefined) found[key] = { ...(found[key] as Row) };
    for (let i = 0; i < fields.length; i += 1) {
      if (values[i] === model.values[i]) continue;
      const { outer, inner } = fields[i]!;
      if (inner === undefined) found[outer] = values[i];
      else (found[outer] as Row)[inner] = values[i];
    }
    return found;
  }

  private modelFor(values: readonly Value[]): Model {
    const { model } = this;
    if (model?.values.every((value, i) => (value === undefined) === (values[i] === undefined))) return model;
    const row: Row = {};
    this.fields.forEach(({ outer, inner }, i) => {
      if (values[i] === undefined) return;
      if (inner === undefined) row[outer] = values[i];
      else ((row[outer] ??= {}) as Row)[inner] = values[i];
    });
    return (this.model = { row, values });
  }

  /** One field of all rows; `OUTER.INNER` is one of a nested record. */
  field(key: string): (row: number) => Value {
    const column = this.columns.get(key);
    return column === undefined ? () => undefined : (row) => column.at(row);
  }

  /** All values of a field that has no numbers; undefined stands for texts that name their rows. */
  texts(key: string): Value[] {
    return this.columns.get(key)?.texts() ?? [];
  }

  /** Names of all fields, as {@link field} takes them. */
  get keys(): string[] {
    return [...this.columns.keys()];
  }
}

/** Packs one list of values. */
export function packColumn(values: readonly Value[], names: readonly string[] = []): Column {
  const column = new ColumnPacker();
  values.forEach((value, i) => column.put(i, value));
  return column.packed(values.length, names);
}

/** A column that is being packed: values that come one after the other are kept once. */
class ColumnPacker {
  private readonly values: Value[] = [];
  /** The first row behind each of them. */
  private readonly ends: number[] = [];
  private end = 0;
  private last: Value;

  /** Takes the value of a row behind all others. Rows that are left out have none. */
  put(row: number, value: Value): void {
    if (row > this.end) this.add(undefined, row);
    this.add(value, row + 1);
  }

  packed(rows: number, names: readonly string[]): Column {
    if (rows > this.end) this.add(undefined, rows);
    return this.values.every(isNumberOrAbsent) ? this.numbers() : this.entries(names);
  }

  private add(value: Value, end: number): void {
    if (this.ends.length > 0 && value === this.last) this.ends[this.ends.length - 1] = end;
    else {
      this.values.push(value);
      this.ends.push(end);
      this.last = value;
    }
    this.end = end;
  }

  private numbers(): string {
    const words = new Words();
    let before = 0;
    let start = 0;
    this.values.forEach((value, i) => {
      const count = this.ends[i]! - start;
      start += count;
      if (value === undefined) words.add(undefined, count);
      else {
        words.add((value as number) - before, 1);
        words.add(0, count - 1);
        before = value as number;
      }
    });
    return words.text();
  }

  private entries(names: readonly string[]): Column {
    const words = new Words();
    const entries = new Entries();
    let row = 0;
    this.values.forEach((value, i) => {
      const end = this.ends[i]!;
      if (value === undefined) words.add(undefined, end - row);
      else if (typeof value === 'string') {
        // It may be the name of any of them.
        for (let each = row; each < end; each += 1) words.add(entries.placeOf(value, names[each]), 1);
      } else words.add(entries.placeOf(value, undefined), end - row);
      row = end;
    });
    return { of: entries.of, at: words.text() };
  }
}

const { isSafeInteger } = Number;

function isNumberOrAbsent(value: Value): boolean {
  return value === undefined || isSafeInteger(value);
}

/** The values that {@link packColumn} was given. */
export function unpackColumn(column: Column, names: readonly string[] = []): Value[] {
  const reader = new ColumnReader(column, (row) => names[row], false);
  return Array.from({ length: lengthOf(typeof column === 'string' ? column : column.at) }, (_, i) => reader.at(i));
}

/** What occurs in a column, each once. */
class Entries {
  readonly of: Entry[] = [];
  private readonly places = new Map<string, number>();
  /** The last one: neighbours are often alike. */
  private last: { place: number; value: Value; around: readonly string[] | undefined; isPath: boolean } | undefined;

  placeOf(value: Value, name: string | undefined): number {
    if (this.last !== undefined && this.isLast(value, name)) return this.last.place;
    const entry = entryOf(value, name);
    const text = JSON.stringify(entry);
    let place = this.places.get(text);
    if (place === undefined) {
      place = this.of.push(entry) - 1;
      this.places.set(text, place);
    }
    const around = 'naming' in entry ? entry.naming.split(NAME) : undefined;
    this.last = { place, value, around, isPath: typeof value === 'string' && value.includes('/') };
    return place;
  }

  /** Without a look at all of a text: there may be a hundred thousand of them. */
  private isLast(value: Value, name: string | undefined): boolean {
    const { value: last, around, isPath } = this.last!;
    // A text that does not name its row may be one that names the next.
    if (around === undefined) return value === last && value !== name && !(isPath && isNamed(value as string, name));
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

  add(number: number | undefined, count: number): void {
    if (count === 0) return;
    if (number !== this.number) this.endRun();
    this.number = number;
    this.count += count;
  }

  text(): string {
    this.endRun();
    return this.runs.join(' ');
  }

  private endRun(): void {
    if (this.count > 0) {
      const word = this.number === undefined ? ABSENT : this.number.toString(BASE);
      this.runs.push(this.count === 1 ? word : `${word}*${this.count.toString(BASE)}`);
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
  return star < 0 ? 1 : parseInt(run.slice(star + 1), BASE);
}

/** Reads a column at any row; fastest from the first to the last. */
class ColumnReader {
  private readonly text: string;
  private readonly of: readonly Entry[] | undefined;
  /** Of the runs of equal words, as far as they have been read: the first row behind it, and its word as a number. */
  private readonly ends: number[] = [];
  private readonly words: number[] = [];
  /** Of numbers, that before the run. */
  private readonly before: number[] = [];
  /** What entries give, as far as they have been asked for. */
  private readonly values: ((row: number) => Value)[] = [];
  /** Where the next run stands in the text. */
  private next = 0;
  /** The run that was looked at last. */
  private last = 0;

  /**
   * @param nameOf what a row is called
   * @param shared rows that say the same share it: nobody may change what they hold
   */
  constructor(
    column: Column,
    private readonly nameOf: (row: number) => string | undefined,
    private readonly shared: boolean,
  ) {
    this.text = typeof column === 'string' ? column : column.at;
    if (typeof column !== 'string') this.of = column.of;
  }

  texts(): Value[] {
    return (this.of ?? []).map((entry) => ('value' in entry ? entry.value : undefined));
  }

  at(row: number): Value {
    const run = this.runOf(row);
    const word = this.words[run]!;
    if (word === NONE) return undefined;
    if (this.of !== undefined) return this.entry(word)(row);
    const start = run === 0 ? 0 : this.ends[run - 1]!;
    return this.before[run]! + word * (row - start + 1);
  }

  private runOf(row: number): number {
    const { ends, last } = this;
    if (last < ends.length && row < ends[last]!) {
      if (last === 0 || row >= ends[last - 1]!) return last;
    } else if (last + 1 < ends.length && row < ends[last + 1]!) return (this.last = last + 1);
    while (ends.length === 0 || ends[ends.length - 1]! <= row) this.readRun();
    let low = 0;
    let high = ends.length - 1;
    if (high > 0 && row >= ends[high - 1]!) low = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! <= row) low = middle + 1;
      else high = middle;
    }
    return (this.last = low);
  }

  /** Behind the last one everything is absent. */
  private readRun(): void {
    const { text, ends, words, before } = this;
    const place = ends.length - 1;
    let end = Infinity;
    let word = NONE;
    if (this.next < text.length) {
      const space = text.indexOf(' ', this.next);
      const run = text.slice(this.next, space < 0 ? text.length : space);
      this.next += run.length + 1;
      end = (place < 0 ? 0 : ends[place]!) + countOf(run);
      word = run.startsWith(ABSENT) ? NONE : parseInt(run, BASE); // up to the star
    }
    if (this.of === undefined) before.push(place < 0 ? 0 : this.numberAtEnd(place));
    ends.push(end);
    words.push(word);
  }

  private numberAtEnd(run: number): number {
    const word = this.words[run]!;
    const start = run === 0 ? 0 : this.ends[run - 1]!;
    return this.before[run]! + (word === NONE ? 0 : word * (this.ends[run]! - start));
  }

  private entry(word: number): (row: number) => Value {
    return (this.values[word] ??= this.readerOf(this.of![word]!));
  }

  private readerOf(entry: Entry): (row: number) => Value {
    if ('naming' in entry) {
      const around = entry.naming.split(NAME);
      return (row) => around.join(this.nameOf(row));
    }
    const { value } = entry;
    // Each row has its own: what is packed together may be changed apart.
    return typeof value === 'object' && !this.shared ? () => jsonCopy(value) : () => value;
  }
}

/** A copy of what JSON can say, of which nothing is shared. */
export function jsonCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
