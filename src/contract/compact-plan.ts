import { packRows, unpackColumn, unpackRows, type PackedRows } from './columns.js';
import type { Plan, Step } from '../plan/model/plan.js';
import { outputsRead } from '../plan/templates/outputs-read.js';

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
  /** What {@link outputsRead} finds in the plan. Absent where that is much, and in plans of before. */
  reads?: [step: string, outputs: string[]][];
}

type Doc = Record<string, unknown>;

/** Steps whose outputs are read, up to which they are written down: more of them would say the plan again. */
const MAX_READS = 1_000;

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
  const names = steps.map(({ id }) => nameOf(places.get(id), docs));
  const reads = [...outputsRead(plan)].map(([step, outputs]): [string, string[]] => [step, [...outputs]]);
  return { top, same, steps: packRows(rows, names, NESTED), ...(reads.length <= MAX_READS && { reads }) };
}

/** The plan that was made compact with the same document. */
export function expandPlan(source: unknown, { top, same, steps: packed }: CompactPlan): Plan {
  const doc = docOf(source);
  const docs = stepDocs(doc);
  const { [PLACE]: placed = '', [SAME]: alike = '', ...columns } = packed.columns;
  const places = unpackColumn(placed) as (number | undefined)[];
  const names = places.map((place) => nameOf(place, docs));
  const rows = unpackRows({ rows: packed.rows, columns }, names, { nested: NESTED, shared: true });
  const known = Object.fromEntries(same.map((key) => [key, doc[key]]));
  const fieldsOf = fieldsByText();
  unpackColumn(alike, names).forEach((text, i) => {
    if (text !== undefined) completeStep(rows[i]!, docs[places[i]!]!, fieldsOf(text as string));
  });
  return { ...known, ...top, steps: rows } as unknown as Plan;
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

/** Fields that a step, and its action, have from the document. */
interface SameFields {
  step: string[];
  action: string[];
  /** Of `step_def`. */
  defined: string[];
}

/** Reads the names of fields; steps have few different ones. */
function fieldsByText(): (text: string) => SameFields {
  const known = new Map<string, SameFields>();
  return (text) => {
    let fields = known.get(text);
    if (fields === undefined) {
      const keys = text.split(' ').filter((key) => key !== '');
      const below = (prefix: string): string[] =>
        keys.flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
      fields = {
        step: keys.filter((key) => !key.includes('.')),
        action: below('action.'),
        defined: below('step_def.'),
      };
      known.set(text, fields);
    }
    return fields;
  };
}

function completeStep(row: Doc, doc: Doc, { step, action, defined }: SameFields): void {
  for (const key of step) row[key] = doc[key];
  const found = (row['action'] ??= {}) as Doc;
  for (const key of action) found[key] = doc[key];
  for (const key of defined) found[key] = docOf(doc['step_def'])[key];
}

/** What a row is called, for texts that hold it. */
function nameOf(place: number | undefined, docs: readonly Doc[]): string {
  return place === undefined ? '' : String(docs[place]!['id']);
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
