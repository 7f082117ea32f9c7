import { ABSENT, BASE, NAME, type Column, type Entry, type PackedRows, type Row, type Value } from './columns.js';

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
