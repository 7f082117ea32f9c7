import { z } from 'zod';
import { secondsOf } from '../model/duration.js';
import { isMap } from '../problems/paths.js';
import { childSchema, plainSchema } from './known-keys.js';

/**
 * What may be written where a schema wants something stricter:
 * - `text`: a number or a boolean, whose text it is (`env: {PORT: 8080}`);
 * - `list`: one entry instead of a list of one (`depends_on: build`);
 * - `seconds`: a length of time with its unit (`timeout_sec: 10m`);
 * - `count`: a number instead of a map (`retry: 3`), which `readPlanForms` reads.
 */
export const writtenAs = z.registry<{ form: 'text' | 'list' | 'seconds' | 'count' }>();

/** The text of the number or boolean at a path, as it stands in the file; undefined where nobody knows. */
export type TextAt = (path: readonly PropertyKey[]) => string | undefined;

/**
 * Turns a document as people write it into what its schema describes. What is wrong stays as it is, so that it is
 * reported as it was written; parts that need no change are shared with the document.
 *
 * @param textAt finds how a value is written: `3.10` is the number 3.1, and the text 3.10
 */
export function fromWrittenForms(document: unknown, schema: z.ZodType, textAt: TextAt = () => undefined): unknown {
  return read(document, schema, [], textAt);
}

type Path = readonly PropertyKey[];

function read(value: unknown, declared: unknown, path: Path, textAt: TextAt): unknown {
  if (value === null || value === undefined) return value;
  const schema = branchOf(plainSchema(declared, value), value);
  const form = schema === undefined ? undefined : writtenAs.get(schema)?.form;
  if (form === 'text' && (typeof value === 'number' || typeof value === 'boolean')) return textOf(value, textAt(path));
  if (form === 'seconds' && typeof value === 'string') return secondsOf(value) ?? value;
  if (Array.isArray(value)) return readList(value, schema, path, textAt);
  if (isMap(value)) return readMap(value, schema, path, textAt);
  return form === 'list' && typeof value !== 'object' ? [read(value, childSchema(schema, 0), path, textAt)] : value;
}

/** Of a choice between a list, a map and a scalar the one that the value is. */
function branchOf(schema: unknown, value: unknown): z.ZodType | undefined {
  if (!(schema instanceof z.ZodUnion) || schema instanceof z.ZodDiscriminatedUnion || writtenAs.has(schema)) {
    return schema as z.ZodType | undefined;
  }
  const fits = (option: unknown): boolean =>
    Array.isArray(value)
      ? option instanceof z.ZodArray
      : isMap(value)
        ? option instanceof z.ZodObject || option instanceof z.ZodRecord
        : false;
  return (schema.options as readonly z.ZodType[]).find(fits);
}

function readList(list: readonly unknown[], schema: unknown, path: Path, textAt: TextAt): unknown {
  if (!(schema instanceof z.ZodArray)) return list;
  let changed = false;
  const entries = list.map((entry, index) => {
    const entryRead = read(entry, schema.element, [...path, index], textAt);
    changed ||= entryRead !== entry;
    return entryRead;
  });
  return changed ? entries : list;
}

function readMap(map: Record<string, unknown>, schema: unknown, path: Path, textAt: TextAt): unknown {
  if (!(schema instanceof z.ZodObject) && !(schema instanceof z.ZodRecord)) return map;
  let changed = false;
  const entries = Object.entries(map).map(([key, value]) => {
    const child = Object.hasOwn(Object.prototype, key) ? undefined : childSchema(schema, key);
    const valueRead = read(value, child, [...path, key], textAt);
    changed ||= valueRead !== value;
    return [key, valueRead] as const;
  });
  return changed ? Object.fromEntries(entries) : map;
}

/** As it was written, if that is the value at all: an alias or an anchor may stand there. */
function textOf(value: number | boolean, written: string | undefined): string {
  if (written === undefined) return String(value);
  const same = typeof value === 'number' ? Number(written) === value : written === String(value);
  return same || (typeof value === 'number' && /^[+-]?\d[\d_.eEx]*$/.test(written)) ? written : String(value);
}
