import type { RunAbout } from './run-about.js';
import type { RunEvent } from './events.js';

/** What a record is made of. */
export interface RunRecord {
  about: RunAbout;
  /** The plan as written. */
  plan: unknown;
  /** In order, from the first; or from the one after {@link after}. */
  events: readonly RunEvent[];
  /** Number of the last event that stands in an earlier history of the run; absent or 0 where there is none. */
  after?: number;
}

/** News of a run: its new events, or all that there is of it, where the receiver may have missed some. */
export type RecordBatch =
  | { whole: false; run_id: string; events: readonly RunEvent[] }
  | ({ whole: true; run_id: string } & RunRecord);

/** Answer of the query `events`. */
export interface EventsPage {
  events: readonly RunEvent[];
  /** Number of the last event that there is; ask again with `after` while it is above that of the last one here. */
  last_seq: number;
  /** Number of the last event that stands in an earlier history of the run, and is not given here. */
  after?: number;
}

/** Answer of the query `plan`. */
export interface PlanAnswer {
  about: RunAbout;
  /** The plan as written. */
  plan: unknown;
}
