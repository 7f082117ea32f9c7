import type { PackedRows } from './columns.js';
import { packRows } from './pack-columns.js';
import { docOf, DocSteps, expandSteps, NESTED, PLACE, SAME } from './compact-steps.js';
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

type Row = Record<string, unknown>;

/** Steps whose outputs are read, up to which they are written down: more of them would say the plan again. */
const MAX_READS = 1_000;

/** Makes a plan compact; {@link expandPlan} makes it whole again with the same document. */
export function compactPlan(source: unknown, plan: Plan): CompactPlan {
  const doc = docOf(source);
  const { steps, ...rest } = plan;
  const same = Object.entries(rest).flatMap(([key, value]) => (isSame(doc[key], value) ? [key] : []));
  const top = Object.fromEntries(Object.entries(rest).filter(([key]) => !same.includes(key)));
  const docs = new DocSteps(doc);
  const places = new Map(Array.from({ length: docs.length }, (_, place) => [docs.at(place)['id'], place]));
  const rows = steps.map((step) => compactStep(step, places.get(step.id), docs));
  const names = steps.map(({ id }) => docs.nameOf(places.get(id)));
  const reads = [...outputsRead(plan)].map(([step, outputs]): [string, string[]] => [step, [...outputs]]);
  return { top, same, steps: packRows(rows, names, NESTED), ...(reads.length <= MAX_READS && { reads }) };
}

/** The plan that was made compact with the same document. Its steps are made when they are looked at. */
export function expandPlan(source: unknown, { top, same, steps }: CompactPlan): Plan {
  const doc = docOf(source);
  const known = Object.fromEntries(same.map((key) => [key, doc[key]]));
  return { ...known, ...top, steps: expandSteps(steps, new DocSteps(doc)) } as unknown as Plan;
}

function compactStep(step: Step, place: number | undefined, docs: DocSteps): Row {
  if (place === undefined) return { ...step };
  const doc = docs.at(place);
  const same: string[] = [];
  const row: Row = { [PLACE]: place };
  const action: Row = {};
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

/** Compared as JSON, which is how both travel. */
function isSame(first: unknown, second: unknown): boolean {
  return first === second || (first !== undefined && JSON.stringify(first) === JSON.stringify(second));
}
