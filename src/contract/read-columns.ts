import {
  ABSENT,
  BASE,
  jsonCopy,
  NAME,
  type Column,
  type Entry,
  type PackedRows,
  type Row,
  type Value,
} from './columns.js';

/** In a workflow, what is global is slow to come by. */
const { parseInt } = Number;

/** Stands for {@link ABSENT} among words that have been read; no number that is packed is as large. */
const NONE = Infinity;

/** The rows that `packRows` was given. */
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

/** Where a value stands in a row; `inner` where the field is a record itself. */
interface Place {
  outer: string;
  inner: string | undefined;
}

function putField(row: Row, { outer, inner }: Place, value: Value): void {
  if (inner === undefined) row[outer] = value;
  else ((row[outer] ??= {}) as Row)[inner] = value;
}

/** Reads packed rows in any order. */
export class RowReader {
  private readonly columns: ReadonlyMap<string, ColumnReader>;
  private readonly fields: readonly (Place & { column: ColumnReader })[];
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
      putField(found, fields[i]!, values[i]);
    }
    return found;
  }

  private modelFor(values: readonly Value[]): Model {
    const { model } = this;
    if (model?.values.every((value, i) => (value === undefined) === (values[i] === undefined))) return model;
    const row: Row = {};
    this.fields.forEach((field, i) => {
      if (values[i] !== undefined) putField(row, field, values[i]);
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

/** The values that `packColumn` was given. */
export function unpackColumn(column: Column, names: readonly string[] = []): Value[] {
  const reader = new ColumnReader(column, (row) => names[row], false);
  return Array.from({ length: lengthOf(typeof column === 'string' ? column : column.at) }, (_, i) => reader.at(i));
}

function partsOf(key: string, nested: readonly string[]): [outer: string, inner?: string] {
  const outer = nested.find((each) => key.startsWith(`${each}.`));
  return outer === undefined ? [key] : [outer, key.slice(outer.length + 1)];
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
