import type { Diagnostic } from '../model/diagnostic.js';
import { formatPath, parsePath, type Segment } from '../problems/paths.js';
import type { OpenText } from '../document/open-text.js';

/** A plan that was made from a document in another format. */
export interface ConvertedPlan {
  /** The plan, as one would write it. */
  document: Record<string, unknown>;
  /**
   * Which path of the file's own document a path of the plan stands for, both as diagnostics write them
   * (`steps[2]` → `stages[0].tasks[2]`). A path without an entry counts from that of the nearest part that has one.
   */
  origins: ReadonlyMap<string, string>;
}

/** What became of a document in another format. */
export interface Conversion {
  /** The format's name. */
  format: string;
  /** Absent where the document is wrong. */
  plan?: ConvertedPlan;
  /**
   * Further plans of the same document, by name: letters, digits, `_`, `.` and `-`. A step runs one by
   * `plan: FILE#NAME`; see {@link partName}.
   */
  parts: Readonly<Record<string, ConvertedPlan>>;
  /** Paths are of the file's own document; a diagnostic that has a `line` is about another file and stays as it is. */
  diagnostics: readonly Diagnostic[];
}

/**
 * Turns a document in another format into plans.
 *
 * @param document plain JSON data
 * @param path the name of its file, as it counts from the folder of the first plan
 * @param first true for the file that was asked for, false for that of a sub-plan
 * @returns undefined where the document is in none of the known formats: then it is a plan, or should be one
 */
export interface Convert {
  (document: unknown, path: string, first: boolean): Conversion | undefined;
  /** Makes a text readable that is neither JSON nor YAML as it stands, without moving anything; undefined where it may be. */
  readonly prepare?: (text: string | Uint8Array) => string | undefined;
}

/** How a step names a further plan of a file: `pipelines.json#docs`. */
export function partName(file: string, part: string): string {
  return `${file.slice(file.lastIndexOf('/') + 1)}#${part}`;
}

/** The text that a converted plan came from, read as that plan: paths of the plan lead to places in the file. */
export function openConverted(file: OpenText, { document, origins }: ConvertedPlan): OpenText {
  const placeOf: OpenText['placeOf'] = (path, at) =>
    file.placeOf(path === undefined ? undefined : originOf(path, origins), at);
  return {
    value: document,
    textAt: () => undefined,
    placeOf,
    place({ path, ...diagnostic }, placeRelated = (related) => placeOf(related.path, 'value')) {
      // The path of the plan is no help to somebody who reads the file.
      const origin = path === undefined ? '' : originOf(path, origins);
      return file.place({ ...diagnostic, ...(origin === '' ? {} : { path: origin }) }, placeRelated);
    },
  };
}

function originOf(path: string, origins: ReadonlyMap<string, string>): string {
  const segments = parsePath(path);
  for (let length = segments.length; length > 0; length -= 1) {
    const origin = origins.get(formatPath(segments.slice(0, length)));
    if (origin === undefined) continue;
    const rest: Segment[] = segments.slice(length);
    return formatPath([...parsePath(origin), ...rest]);
  }
  return '';
}
