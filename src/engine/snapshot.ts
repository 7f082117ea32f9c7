import type { RunSnapshot } from '../contract/carried-run.js';
import { jsonCopy, packColumn, packRows, unpackColumn, unpackRows } from '../contract/columns.js';
import { countStatuses } from '../contract/statuses.js';
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
  const steps = unpackRows(packed, ids, { nested: NESTED }) as unknown as StepState[];
  return {
    ...(jsonCopy(run) as Rest),
    steps,
    counts: countStatuses(steps),
    ready: unpackColumn(ready) as number[],
    changes: [],
  };
}
