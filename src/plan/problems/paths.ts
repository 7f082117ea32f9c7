/** One part of a path in a document: a key of a map, or an index of a list. */
export type Segment = string | number;

const PLAIN_KEY = /^[A-Za-z_$][A-Za-z0-9_$-]*$/;

/** Writes a path as people do: `steps[3].depends_on[0]`; keys that are no words stand in brackets, as JSON. */
export function formatPath(segments: readonly PropertyKey[]): string {
  let path = '';
  for (const segment of segments) {
    if (typeof segment === 'number') path += `[${segment}]`;
    else if (!PLAIN_KEY.test(String(segment))) path += `[${JSON.stringify(String(segment))}]`;
    else path += path === '' ? String(segment) : `.${String(segment)}`;
  }
  return path;
}

/** Reads what {@link formatPath} wrote; what it cannot read ends the path, so the nearest known place is found. */
export function parsePath(path: string): Segment[] {
  const part = /\.?([A-Za-z_$][A-Za-z0-9_$-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  const segments: Segment[] = [];
  for (let match = part.exec(path); match !== null; match = part.exec(path)) {
    if (match[1] !== undefined) segments.push(match[1]);
    else if (match[2] !== undefined) segments.push(Number(match[2]));
    else segments.push(JSON.parse(match[3]!) as string);
  }
  return segments;
}

/** The value at a path of plain data; undefined where there is none. */
export function valueAt(root: unknown, segments: readonly PropertyKey[]): unknown {
  let value = root;
  for (const segment of segments) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[segment];
  }
  return value;
}

/** Narrows to a map of a document: no list, not null. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text entries of a list with their indexes; none where it is no list. */
export function stringsOf(value: unknown): [index: number, text: string][] {
  if (!Array.isArray(value)) return [];
  const found: [number, string][] = [];
  for (const [index, entry] of value.entries()) if (typeof entry === 'string') found.push([index, entry]);
  return found;
}
