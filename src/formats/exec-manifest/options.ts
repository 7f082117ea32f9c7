import type { Mode, Tier } from './manifest.js';

/** The prose plan that a manifest accompanies. */
interface ProsePlan {
  /** What diagnostics call it. */
  name: string;
  text: string;
  /** Where it is, counted from the folder that tasks work in. */
  path: string;
  /** Its acceptance criteria for reviewers, counted in the same way; absent where there are none. */
  criteria?: string;
}

/** What may be said about the conversion of a manifest. */
export interface ExecManifestOptions {
  /** Instead of the manifest's own mode. */
  mode?: Mode;
  plan?: ProsePlan;
  /** Folder that tasks work in. Default: where the run is started. */
  projectDir?: string;
  /** An independent review of what each task has done. Default true. */
  review?: boolean;
  /** The agent that reviews, whatever the tier. Default: codex for fast tasks, claude for deep ones. */
  reviewEngine?: string;
  /** Rounds of fixing after a failed verification or review. Default 2. */
  maxFixRounds?: number;
  /** Agents may push. Default false, as with the older system. */
  mayPush?: boolean;
  /** Hands tasks to a dispatch script instead of to the agents' own programs; true for the script that is found. */
  dispatch?: string | true;
  /** How long a task that asks or was given up waits for a person; then it has ended. Default: as long as it takes. */
  answerTimeoutSec?: number;
}

/** The agent that reviews a task's work where nothing else is said. */
export const REVIEW_ENGINES: Readonly<Record<Tier, string>> = { fast: 'codex', deep: 'claude' };
