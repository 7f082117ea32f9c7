import { packRows, unpackRows, type PackedRows } from './columns.js';
import type { Plan, Step } from '../plan/model/plan.js';

/**
 * A checked plan as what tells it from the document that it was made of. The document goes along anyway, for people; with
 * it a plan of a hundred thousand steps is little more than its defaults.
 */
export interface CompactPlan {
  /** Fields of the plan that the document does not have as they are, but for the steps. */
  top: Record<string, unknown>;
  /** Names of the fields that it has. */
  same: string[];
  /** Of each step what its document does not say, and where the rest stands there. */
  steps: PackedRows;
}

type Doc = Record<string, unknown>;

/** Fields of a step that are taken apart. */
const NESTED = ['action'];
/** Place of a step among those of the document, and the fields that are there as they are. */
const PLACE = '@';
const SAME = '=';

/** Makes a plan compact; {@link expandPlan} makes it whole again with the same document. */
export function compactPlan(source: unknown, plan: Plan): CompactPlan {
  const doc = docOf(source);
  const { steps, ...rest } = plan;
  const same = Object.entries(rest).flatMap(([key, value]) => (isSame(doc[key], value) ? [key] : []));
  const top = Object.fromEntries(Object.entries(rest).filter(([key]) => !same.includes(key)));
  const docs = stepDocs(doc);
  const places = new Map(docs.map(({ id }, place) => [id, place]));
  const rows = steps.map((step) => compactStep(step, places.get(step.id), docs));
  return { top, same, steps: packRows(rows, namesOf(rows, docs), NESTED) };
}

/** The plan that was made compact with the same document. */
export function expandPlan(source: unknown, { top, same, steps: packed }: CompactPlan): Plan {
  const doc = docOf(source);
  const docs = stepDocs(doc);
  const places = unpackRows({ rows: packed.rows, columns: { [PLACE]: packed.columns[PLACE] ?? '' } }, []);
  const rows = unpackRows(packed, namesOf(places, docs), NESTED);
  const known = Object.fromEntries(same.map((key) => [key, doc[key]]));
  return { ...known, ...top, steps: rows.map((row) => expandStep(row, docs)) } as unknown as Plan;
}

function compactStep(step: Step, place: number | undefined, docs: readonly Doc[]): Doc {
  if (place === undefined) return { ...step };
  const doc = docs[place]!;
  const same: string[] = [];
  const row: Doc = { [PLACE]: place };
  const action: Doc = {};
  for (const [key, value] of Object.entries(step)) {
    if (key === 'action') continue;
    if (isSame(doc[key], value)) same.push(key);
    else row[key] = value;
  }
  for (const [key, value] of Object.entries(step.action)) {
    if (isSame(docOf(doc['step_def'])[key], value)) same.push(`step_def.${key}`);
    else if (isSame(doc[key], value)) same.push(`action.${key}`);
    else action[key] = value;
  }
  return { ...row, [SAME]: same.join(' '), action };
}

function expandStep({ [PLACE]: place, [SAME]: same, ...row }: Doc, docs: readonly Doc[]): Doc {
  if (place === undefined) return row;
  const doc = docs[place as number]!;
  const step: Doc = { ...row };
  const action: Doc = { ...docOf(row['action']) };
  for (const key of (same as string).split(' ')) {
    if (key.startsWith('step_def.')) action[key.slice(9)] = docOf(doc['step_def'])[key.slice(9)];
    else if (key.startsWith('action.')) action[key.slice(7)] = doc[key.slice(7)];
    else if (key !== '') step[key] = doc[key];
  }
  return { ...step, action };
}

/** Names of the rows, for texts that hold them. */
function namesOf(rows: readonly Doc[], docs: readonly Doc[]): string[] {
  return rows.map(({ [PLACE]: place }) => (place === undefined ? '' : String(docs[place as number]!['id'])));
}

function stepDocs(doc: Doc): Doc[] {
  return [doc['steps'], doc['finally']].flatMap((list) => (Array.isArray(list) ? list.map(docOf) : []));
}

function docOf(value: unknown): Doc {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Doc) : {};
}

/** Compared as JSON, which is how both travel. */
function isSame(first: unknown, second: unknown): boolean {
  return first === second || (first !== undefined && JSON.stringify(first) === JSON.stringify(second));
}
