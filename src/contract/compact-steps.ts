import { rememberFields, type StepFields } from '../plan/model/step-fields.js';
import type { Step } from '../plan/model/plan.js';
import type { PackedRows } from './columns.js';
import { RowReader } from './read-columns.js';
import { lazyList } from './lazy-list.js';

type Doc = Readonly<Record<string, unknown>>;
type Read = (place: number) => unknown;

/** Place of a step among those of the document, and the names of the fields that are there as they are. */
export const PLACE = '@';
export const SAME = '=';
/** Fields of a step that are taken apart. */
export const NESTED = ['action'];
/** What precedes a field of the action: in its own column, where the document's step has it, and where its `step_def` does. */
const ACTION = 'action.';
const DEFINED = 'step_def.';
const NOTHING: Doc = {};

/** In a workflow, what is global is slow to come by. */
const { isArray } = Array;

/**
 * The steps of a compact plan, as a list in which each is made when somebody looks at it: most are not looked at while a
 * run is in one history. Nobody may change them.
 *
 * @param docs the document's steps
 */
export function expandSteps(packed: PackedRows, docs: DocSteps): readonly Step[] {
  const source = new CompactSteps(packed, docs);
  const { list } = lazyList(packed.rows, (place) => source.step(place));
  rememberFields(list, source);
  return list;
}

/** The steps of a document that a checked plan was made of, by place: those of `steps`, then those of `finally`. */
export class DocSteps {
  private readonly main: readonly unknown[];
  private readonly last: readonly unknown[];

  constructor(doc: Doc) {
    [this.main, this.last] = [listOf(doc['steps']), listOf(doc['finally'])];
  }

  get length(): number {
    return this.main.length + this.last.length;
  }

  /** Without a place, or where none is, it says nothing. */
  at(place: unknown): Doc {
    if (typeof place !== 'number') return NOTHING;
    const { main, last } = this;
    return docOf(place < main.length ? main[place] : last[place - main.length]);
  }

  /** What a step that has a place there is called. */
  nameOf(place: unknown): string {
    return place === undefined ? '' : String(this.at(place)['id']);
  }
}

export function docOf(value: unknown): Doc {
  return typeof value === 'object' && value !== null && !isArray(value) ? (value as Doc) : NOTHING;
}

function listOf(value: unknown): readonly unknown[] {
  return isArray(value) ? value : [];
}

/** Fields that a step, and its action, have from the document. */
interface SameFields {
  step: string[];
  action: string[];
  /** Of `step_def`. */
  defined: string[];
}

/** Steps as columns, and what their document says. */
class CompactSteps implements StepFields {
  private readonly rows: RowReader;
  /** Where a step stands in the document, and which fields it has there, as a text. */
  private readonly placeOf: Read;
  private readonly sameOf: Read;
  private readonly texts: readonly unknown[];
  private readonly known = new Map<unknown, SameFields>();
  private last: { text: unknown; fields: SameFields } = { text: undefined, fields: sameFields(undefined) };

  constructor(
    { rows, columns }: PackedRows,
    private readonly docs: DocSteps,
  ) {
    const { [PLACE]: places = '', [SAME]: same = '', ...own } = columns;
    const nameOf = (place: number): string => docs.nameOf(this.placeOf(place));
    const beside = new RowReader({ rows, columns: { [PLACE]: places, [SAME]: same } }, nameOf, {});
    this.placeOf = beside.field(PLACE);
    this.sameOf = beside.field(SAME);
    this.texts = beside.texts(SAME);
    this.rows = new RowReader({ rows, columns: own }, nameOf, { nested: NESTED, shared: true });
  }

  step(place: number): Step {
    const step = this.rows.at(place);
    const action = (step['action'] ??= {}) as Record<string, unknown>;
    const same = this.sameAs(place);
    const doc = this.docOf(place);
    for (const key of same.step) step[key] = doc[key];
    for (const key of same.action) action[key] = doc[key];
    for (const key of same.defined) action[key] = docOf(doc['step_def'])[key];
    return step as unknown as Step;
  }

  field(key: keyof Step): Read {
    const own = this.rows.field(key);
    if (!this.isSame(({ step }) => step.includes(key))) return own;
    return (place) => (this.sameAs(place).step.includes(key) ? this.docOf(place)[key] : own(place));
  }

  kind(): Read {
    const key = 'type';
    const own = this.rows.field(`${ACTION}${key}`);
    if (!this.isSame(({ action, defined }) => action.includes(key) || defined.includes(key))) return own;
    return (place) => {
      const { action, defined } = this.sameAs(place);
      if (defined.includes(key)) return docOf(this.docOf(place)['step_def'])[key];
      return action.includes(key) ? this.docOf(place)[key] : own(place);
    };
  }

  /** Whether some step has from the document what is asked for. */
  private isSame(has: (fields: SameFields) => boolean): boolean {
    return this.texts.some((text) => text === undefined || has(sameFields(text)));
  }

  private docOf(place: number): Doc {
    return this.docs.at(this.placeOf(place));
  }

  /** Which fields stand in the document. Steps have few different lists of them. */
  private sameAs(place: number): SameFields {
    const text = this.sameOf(place);
    if (text === this.last.text) return this.last.fields;
    let fields = this.known.get(text);
    if (fields === undefined) this.known.set(text, (fields = sameFields(text)));
    this.last = { text, fields };
    return fields;
  }
}

function sameFields(text: unknown): SameFields {
  const keys = typeof text === 'string' ? text.split(' ').filter((key) => key !== '') : [];
  const below = (prefix: string): string[] =>
    keys.flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
  return { step: keys.filter((key) => !key.includes('.')), action: below(ACTION), defined: below(DEFINED) };
}
