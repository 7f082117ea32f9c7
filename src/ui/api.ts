import type { ProgressView, StepView, VerbName } from '../contract/run-messages.js';
import type { RUN_STATES } from '../contract/statuses.js';
import type { Drawing } from './drawing.js';

/**
 * What the page of `orch ui` and its server say to each other. Every text in what the server says is printable: it may be
 * shown, as text and never as HTML.
 */

/** Where the page trades the token of its address for a session. */
export const SESSION_PATH = '/api/session';
/** Says which session asks, beside the cookie. Cookies do not tell ports apart, this does. */
export const KEY_HEADER = 'x-orch-key';

/** The answer to a token. */
export interface SessionAnswer {
  key: string;
}

/** A run in the list. Times are milliseconds since the epoch. */
export interface RunLine {
  run_id: string;
  plan_id: string;
  status: (typeof RUN_STATES)[number];
  started_at: number;
  finished_at?: number;
  project?: string;
  tags?: string[];
  started_by?: string;
  parent_run_id?: string;
  /** How far an open run is, in words. */
  progress?: string;
}

/** What only a person can end. */
export interface WaitingLine {
  run_id: string;
  /** Absent where the whole run waits. */
  step?: string;
  question: string;
  /** Milliseconds since the epoch. */
  since?: number;
}

/** `GET /api/runs`. */
export interface ListAnswer {
  runs: RunLine[];
  waiting: WaitingLine[];
  /** Whether there may be more runs than these. */
  more: boolean;
}

/** `GET /api/runs/RUN?since=N`: a run, and those of its steps that changed after version N. */
export interface RunAnswer extends RunLine {
  version: number;
  web_ui?: string;
  /** Why it is not known what the run does now. */
  silence?: string;
  counts: ProgressView['counts'];
  total_steps: number;
  warnings: number;
  /** Failed steps that wait for a person. */
  held: string[];
  waits_for?: string;
  recommendations?: string[];
  outputs?: ProgressView['outputs'];
  steps: StepView[];
  /** The clock of the server. */
  now: number;
}

/** What the plan says of a step. */
export interface StepLook {
  id: string;
  name?: string;
  description?: string;
  kind: string;
  depends_on: readonly string[];
  finally?: true;
  fallback_of?: string;
  /** What an approval asks for. */
  asks?: AskedValue[];
  approvers?: readonly string[];
}

/** Who decides on the page. */
export interface Decider {
  name: string;
  /** Whether they may decide under another name, as with `--by`: not where a proxy says who they are. */
  others: boolean;
}

/** A value that an approval asks for. */
export interface AskedValue {
  name: string;
  type: string;
  required: boolean;
  description?: string;
  default?: string;
  /** The values that it may have, where not every one will do. */
  choices?: string[];
}

/** `GET /api/runs/RUN/plan`: what does not change while a run goes on. */
export interface PlanAnswer {
  steps: StepLook[];
  decider: Decider;
  /** Absent where there are too many steps to draw. */
  drawing?: Drawing;
}

/** `GET /api/runs/RUN/explain?step=STEP`. */
export interface ExplainAnswer {
  lines: string[];
}

/** A line that a step printed. */
export interface LogLine {
  stream: 'stdout' | 'stderr';
  text: string;
  /** Milliseconds since the epoch; absent where it was not kept. */
  time?: number;
}

/** How many bytes of each stream have been read. */
export interface LogPlace {
  stdout: number;
  stderr: number;
}

/** `GET /api/runs/RUN/logs?step=STEP&attempt=N&stdout=BYTES&stderr=BYTES`. */
export interface LogsAnswer {
  /** What has logs of this step: the step itself, or instances of it. */
  sources: string[];
  /** The attempts of the first of them, or of the one that was asked for. */
  attempts: number[];
  /** Whose logs these are; absent where there are none yet. */
  source?: string;
  attempt?: number;
  lines: LogLine[];
  /** Where to go on. */
  place: LogPlace;
  /** Bytes before the first line that were left out. */
  skipped: number;
  /** Whether more is there already. */
  more: boolean;
  /** Whether nothing more will come. */
  over: boolean;
}

/** `POST /api/runs/RUN/verbs`. */
export interface VerbRequest {
  verb: VerbName;
  step?: string;
  comment?: string;
  /** Who decides, where that is not whoever asks. */
  by?: string;
  inputs?: Record<string, string>;
  text?: string;
  propagate?: boolean;
  force?: boolean;
}

/** Its answer: what came of it, in words. */
export interface VerbAnswer {
  said: string;
}

/** `POST /api/runs/RUN/rerun`. */
export interface RerunRequest {
  /** Only say what would happen. */
  dry_run: boolean;
  from?: string[];
  /** The plan as its file has it now, instead of the plan that the run had. */
  plan?: 'file';
}

/** A step that runs again. */
interface AgainLine {
  step: string;
  why: string;
  /** Of a `foreach`: the items that run, where some are reused. */
  items?: string[];
}

/** Its answer. */
export interface RerunAnswer {
  reused: string[];
  again: AgainLine[];
  notes: string[];
  /** The file that the plan was read from, where it is known. */
  plan_file?: string;
  /** The new run; absent of a dry run. */
  run_id?: string;
}

/** Any answer that is not a success. */
export interface ErrorAnswer {
  error: { code: string; message: string; hint?: string };
}
