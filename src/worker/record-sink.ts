import type { InjectedSinks } from '@temporalio/worker';
import type { RecordBatch } from '../journal/index.js';
import type { RecordKeeper } from '../records/record-keeper.js';

/** The worker's end of what workflows tell of their runs. */
type RecordSinks = { record: { take(batch: RecordBatch): void } };

/** Hands the news of runs to the keeper of their records; what is replayed from history is no news. */
export function recordSinks(keeper: Pick<RecordKeeper, 'take'>): InjectedSinks<RecordSinks> {
  return { record: { take: { fn: (_info, batch) => keeper.take(batch), callDuringReplay: false } } };
}
