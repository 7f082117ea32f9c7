import type { RunSnapshot } from '../contract/carried-run.js';
import { jsonCopy } from '../contract/columns.js';
import { packColumn, RowPacker } from '../contract/pack-columns.js';
import { unpackColumn } from '../contract/read-columns.js';
import { tallyStatuses } from '../contract/statuses.js';
import type { RunState, StepState } from './state.js';
import { NESTED, putAgain, restoreSteps, stepStates } from './step-states.js';

/** Of a run all but the steps. */
type Rest = Omit<RunState, 'steps' | 'counts' | 'changes' | 'ready' | 'holding'>;

/** What of the steps goes along. */
export interface Carrying {
  /** The last change of any step counts as no older than this version of the run. */
  oldest: number;
  /** A step without what nobody reads any more. One that ended well and has said nothing goes along as it did before. */
  lean: (step: StepState, index: number) => StepState;
}

const WHOLE: Carrying = { oldest: 0, lean: (step) => step };

/**
 * Packs a run: with the same program {@link restore} makes one of it that decides alike. The last decision's changes
 * stay behind; that starts are held does too.
 *
 * @param ids of the steps, in order
 */
export function snapshot(state: RunState, ids: readonly string[], { oldest, lean } = WHOLE): RunSnapshot {
  const { steps, counts: _, changes: __, holding: ___, ready, readyHead, ...run } = state;
  const packer = new RowPacker(NESTED);
  const isPut = putAgain(steps, oldest, packer);
  for (let index = 0; index < steps.length; index += 1) {
    if (isPut(index)) continue;
    const step = lean(steps[index]!, index);
    packer.put(index, step.changed < oldest ? { ...step, changed: oldest } : step);
  }
  return {
    v: 1,
    run: { ...run, readyHead: 0 },
    steps: packer.packed(steps.length, ids),
    ready: packColumn(ready.slice(readyHead)),
  };
}

/** The run that a snapshot was made of. */
export function restore({ run, steps: packed, ready }: RunSnapshot, ids: readonly string[]): RunState {
  const steps = restoreSteps(packed, ids);
  return {
    ...(jsonCopy(run) as Rest),
    steps,
    counts: tallyStatuses(steps.length, stepStates(steps, 'status')),
    ready: unpackColumn(ready) as number[],
    changes: [],
  };
}
