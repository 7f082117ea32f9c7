import type { PackedRows } from '../contract/columns.js';
import type { RowPacker } from '../contract/pack-columns.js';
import { RowReader } from '../contract/read-columns.js';
import { lazyList } from '../contract/lazy-list.js';
import type { StepState } from './state.js';

/** Fields of a step's state that are records themselves. */
export const NESTED = ['report'];
/** What steps may have said at length. */
const SAYING = ['message', 'stdout_tail', 'stderr_tail'].map((key) => `report.${key}`);

/** Steps of a run that goes on in a new history: most are as they were until it goes on in the next one. */
interface Restored {
  rows: RowReader;
  /** The step, if anybody has looked at it. */
  made: (step: number) => StepState | undefined;
}

const restored = new WeakMap<readonly StepState[], Restored>();

/** Steps as they were packed, each made when somebody looks at it. */
export function restoreSteps(packed: PackedRows, ids: readonly string[]): StepState[] {
  const rows = new RowReader(packed, (step) => ids[step], { nested: NESTED });
  const { list, made } = lazyList(packed.rows, (step) => rows.at(step) as unknown as StepState);
  restored.set(list, { rows, made });
  return list;
}

/** A field of all steps as it is now, without a look at those that nobody has looked at. */
export function stepStates<K extends keyof StepState>(
  steps: readonly StepState[],
  key: K,
): (step: number) => StepState[K] {
  const known = restored.get(steps);
  if (known === undefined) return (step) => steps[step]![key];
  if (NESTED.includes(key)) return (step) => steps[step]![key];
  const { made } = known;
  const field = known.rows.field(key);
  return (step) => {
    const found = made(step);
    return found === undefined ? (field(step) as StepState[K]) : found[key];
  };
}

/**
 * Each step as it is now, to be read only. One that nobody has looked at is made for this look and not kept: a hundred
 * thousand of them would outlive the answer that says what they are.
 */
export function peekSteps(steps: readonly StepState[]): (step: number) => Readonly<StepState> {
  const known = restored.get(steps);
  if (known === undefined) return (step) => steps[step]!;
  const { rows, made } = known;
  return (step) => made(step) ?? (rows.at(step) as unknown as StepState);
}

/**
 * Puts steps that nobody has looked at as they were packed, but that they changed no earlier than told.
 *
 * @returns whether a step is one of those; one that has said something is not, since that may have become too much
 */
export function putAgain(steps: readonly StepState[], oldest: number, packer: RowPacker): (step: number) => boolean {
  const known = restored.get(steps);
  if (known === undefined) return () => false;
  const { rows, made } = known;
  const saying = SAYING.filter((key) => rows.keys.includes(key)).map((key) => rows.field(key));
  const endedAs = rows.field('report.status');
  const columns = rows.keys.map((key) => ({
    read: rows.field(key),
    column: packer.column(key),
    isChanged: key === 'changed',
  }));
  return (step) => {
    if (made(step) !== undefined || saying.some((read) => read(step) !== undefined)) return false;
    const status = endedAs(step);
    if (status !== undefined && status !== 'success') return false;
    for (const { read, column, isChanged } of columns) {
      const value = read(step);
      if (value !== undefined) column.put(step, isChanged && (value as number) < oldest ? oldest : value);
    }
    return true;
  };
}
