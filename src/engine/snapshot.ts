import type { RunSnapshot } from '../contract/carried-run.js';
import { packColumn, packRows, unpackColumn, unpackRows } from '../contract/columns.js';
import type { RunState, StepState } from './state.js';

/** Of a run all but the steps. */
type Rest = Omit<RunState, 'steps' | 'counts' | 'changes' | 'ready' | 'holding'>;

const NESTED = ['report'];

/**
 * Packs a run: with the same program {@link restore} makes one of it that decides alike. The last decision's changes
 * stay behind; that starts are held does too.
 *
 * @param ids of the steps, in order
 */
export function snapshot(state: RunState, ids: readonly string[]): RunSnapshot {
  const { steps, counts: _, changes: __, holding: ___, ready, readyHead, ...run } = state;
  return {
    v: 1,
    run: { ...run, readyHead: 0 },
    steps: packRows(steps, ids, NESTED),
    ready: packColumn(ready.slice(readyHead)),
  };
}

/** The run that a snapshot was made of. */
export function restore({ run, steps: packed, ready }: RunSnapshot, ids: readonly string[]): RunState {
  const steps = unpackRows(packed, ids, NESTED) as unknown as StepState[];
  const counts: RunState['counts'] = {
    pending: 0,
    running: 0,
    waiting: 0,
    success: 0,
    warning: 0,
    failed: 0,
    skipped: 0,
    canceled: 0,
  };
  for (const { status } of steps) counts[status] += 1;
  return { ...(structuredCopy(run) as Rest), steps, counts, ready: unpackColumn(ready) as number[], changes: [] };
}

function structuredCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
