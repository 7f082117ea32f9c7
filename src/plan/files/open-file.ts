import type { Diagnostic } from '../model/diagnostic.js';
import { openConverted, partName, type Convert } from './converted.js';
import { byPlace, openText, type OpenText } from '../document/open-text.js';
import { quote } from '../problems/problems.js';
import { didYouMean } from '../problems/suggest.js';
import { readPlanForms } from '../schema/plan-forms.js';
import type { NoPlanText, PlanText } from './plan-text.js';
import { defined } from '../../basics/defined.js';

/** A file that was read: one plan, or several where it is in another format. */
export interface OpenFile {
  /** Absent where the file is wrong; then `diagnostics` say why. */
  main?: OpenText;
  /** Its further plans, by the paths that they are kept by: `pipelines.json#docs`. */
  parts: ReadonlyMap<string, OpenText>;
  format?: string;
  diagnostics: readonly Diagnostic[];
}

/** Reads a file and, where it is in another format, converts it. `path` is the name that it is kept by. */
export function openFile(
  path: string,
  { text, name }: PlanText,
  convert: Convert | undefined,
  first: boolean,
): OpenFile {
  const read = openText(convert?.prepare?.(text) ?? text, name);
  if ('faults' in read) return { parts: new Map(), diagnostics: read.faults };
  const { opened } = read;
  const conversion = convert?.(opened.value, path, first);
  if (conversion === undefined) return { main: asPlan(opened), parts: new Map(), diagnostics: [] };
  const { format, plan, parts, diagnostics } = conversion;
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const openedParts = Object.entries(parts).map(
    ([part, converted]) => [`${folder}${partName(path, part)}`, openConverted(opened, converted)] as const,
  );
  return {
    format,
    ...(plan === undefined ? {} : { main: openConverted(opened, plan) }),
    parts: new Map(openedParts),
    diagnostics: placeAll(diagnostics, opened),
  };
}

/** The text with its plan in the strict form, numbers among texts as they are written. */
export function asPlan(opened: OpenText): OpenText {
  return { ...opened, value: readPlanForms(opened.value, opened.textAt) };
}

/** Those about the file itself in the order of their places, then those that have a place already. */
function placeAll(diagnostics: readonly Diagnostic[], opened: OpenText): Diagnostic[] {
  const own = diagnostics.filter((each) => each.line === undefined).map((each) => opened.place(each));
  return [...own.sort(byPlace), ...diagnostics.filter((each) => each.line !== undefined)];
}

/**
 * Finds what a step names: a file, or one plan of a file (`FILE#NAME`). A file whose own name holds a `#` comes first.
 *
 * @param fileAt reads a file, or says why there is none
 * @returns no `text` where the file was read and is wrong
 */
export async function partOf(
  target: string,
  fileAt: (target: string) => Promise<OpenFile | NoPlanText>,
): Promise<{ text: OpenText | undefined } | NoPlanText> {
  const whole = await fileAt(target);
  if (!('code' in whole)) return { text: whole.main };
  const hash = target.lastIndexOf('#');
  const file = hash <= 0 ? whole : await fileAt(target.slice(0, hash));
  if ('code' in file || (file.format === undefined && file.main !== undefined)) return whole;
  const text = file.parts.get(target);
  if (text !== undefined || file.main === undefined) return { text };
  const names = [...file.parts.keys()].map((part) => part.slice(part.lastIndexOf('#') + 1));
  const hint = didYouMean(target.slice(hash + 1), names);
  return {
    code: 'sub_plan_missing',
    message: `${target.slice(0, hash)} contains no plan ${quote(target.slice(hash + 1))}`,
    ...defined({ hint }),
  };
}
