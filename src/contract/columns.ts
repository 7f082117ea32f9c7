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
  const flat = rows.map((row) => flatten(row as Row, nested));
  const keys = [...new Set(flat.flatMap((row) => Object.keys(row)))];
  const columns = keys.map((key): [string, Column] => [
    key,
    packColumn(
      flat.map((row) => row[key]),
      names,
    ),
  ]);
  return { rows: rows.length, columns: Object.fromEntries(columns) };
}

/** The rows that {@link packRows} was given. */
export function unpackRows(
  { rows, columns }: PackedRows,
  names: readonly string[],
  nested: readonly string[] = [],
): Row[] {
  const result = Array.from({ length: rows }, (): Row => ({}));
  for (const [key, column] of Object.entries(columns)) {
    const [outer, inner] = partsOf(key, nested);
    unpackColumn(column, names).forEach((value, i) => {
      if (value === undefined) return;
      if (inner === undefined) result[i]![outer] = value;
      else ((result[i]![outer] ??= {}) as Row)[inner] = value;
    });
  }
  return result;
}

/** Packs one list of values. */
export function packColumn(values: readonly Value[], names: readonly string[] = []): Column {
  if (values.every((value) => value === undefined || Number.isSafeInteger(value))) {
    let before = 0;
    const words = values.map((value) => {
      if (value === undefined) return ABSENT;
      const difference = (value as number) - before;
      before = value as number;
      return difference.toString(36);
    });
    return joined(words);
  }
  const places = new Map<string, number>();
  const of: Entry[] = [];
  const words = values.map((value, i) => {
    if (value === undefined) return ABSENT;
    const entry = entryOf(value, names[i]);
    const text = JSON.stringify(entry);
    let place = places.get(text);
    if (place === undefined) {
      place = of.push(entry) - 1;
      places.set(text, place);
    }
    return place.toString(36);
  });
  return { of, at: joined(words) };
}

/** The values that {@link packColumn} was given. */
export function unpackColumn(column: Column, names: readonly string[] = []): Value[] {
  if (typeof column === 'string') {
    let before = 0;
    return split(column).map((word) => {
      if (word === ABSENT) return undefined;
      before += Number.parseInt(word, 36);
      return before;
    });
  }
  return split(column.at).map((word, i) => {
    if (word === ABSENT) return undefined;
    const entry = column.of[Number.parseInt(word, 36)]!;
    if ('naming' in entry) return entry.naming.replaceAll(NAME, () => names[i]!);
    // Each row has its own: what is packed together may be changed apart.
    return typeof entry.value === 'object' ? jsonCopy(entry.value) : entry.value;
  });
}

function entryOf(value: Value, name: string | undefined): Entry {
  if (typeof value !== 'string' || name === undefined || value.includes(NAME)) return { value };
  if (value === name) return { naming: NAME };
  const part = `/${name}/`;
  return value.includes(part) ? { naming: value.replaceAll(part, `/${NAME}/`) } : { value };
}

function flatten(row: Row, nested: readonly string[]): Row {
  const flat: Row = {};
  for (const [key, value] of Object.entries(row)) {
    if (!nested.includes(key) || value === undefined) flat[key] = value;
    else for (const [inner, each] of Object.entries(value as Row)) flat[`${key}.${inner}`] = each;
  }
  return flat;
}

function partsOf(key: string, nested: readonly string[]): [outer: string, inner?: string] {
  const outer = nested.find((each) => key.startsWith(`${each}.`));
  return outer === undefined ? [key] : [outer, key.slice(outer.length + 1)];
}

function joined(words: readonly string[]): string {
  const runs: string[] = [];
  for (let i = 0; i < words.length;) {
    const word = words[i]!;
    let end = i + 1;
    while (words[end] === word) end += 1;
    runs.push(end - i === 1 ? word : `${word}*${(end - i).toString(36)}`);
    i = end;
  }
  return runs.join(' ');
}

function split(text: string): string[] {
  if (text === '') return [];
  return text.split(' ').flatMap((run) => {
    const [word, count] = run.split('*') as [string, string | undefined];
    return count === undefined ? [word] : Array.from({ length: Number.parseInt(count, 36) }, () => word);
  });
}

/** A copy of what JSON can say, of which nothing is shared. */
export function jsonCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
