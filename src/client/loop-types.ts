import type { LoopState } from '../loop/turns.js';
import type { LoopConfig } from '../loop/types.js';
import type { LoopView } from '../contract/loop-messages.js';

/** What a loop is started with. */
export interface LoopToStart {
  config: LoopConfig;
  /** Absolute folder of the configuration. */
  baseDir: string;
  env: Readonly<Record<string, string>>;
  /** Where it begins; default at the first turn. */
  state?: LoopState;
  /** Whether it was told to begin there, whatever its state file says. */
  claims?: boolean;
}

/** A loop that was started. */
export interface StartedLoop {
  loop_id: string;
  web_ui?: string;
}

/** A loop as `orch loop status` shows it. */
export interface LoopDescription {
  loop_id: string;
  /** What the loop says of itself; absent where no worker answers. */
  view?: LoopView;
  /** What the service says: `running`, or how it closed. */
  service_status: string;
  /** Set where the turn that is due waits for a worker: the task queue that nobody serves. */
  waits_for_worker?: { queue: string; role?: string };
  /** What the agent at work printed last. */
  last_words?: string;
  web_ui?: string;
}

/** A line of the list of loops. */
export interface LoopSummary {
  loop_id: string;
  /** What the service says: `running`, or how it closed. */
  service_status: string;
  /** The configuration's folder; unknown of a loop in role mode, whose roles have folders of their own. */
  folder?: string;
  /** Milliseconds since the epoch. */
  started_at: number;
  finished_at?: number;
}
