import { ENGINE_VERSION, OLDEST_ENGINE_VERSION } from '../../contract/run-input.js';

/**
 * What open runs are promised: this code goes on with every run whose engine version is one of these, as that version
 * decided. A test holds the tables to the sources.
 */
export interface EngineVersion {
  /** Day on which runs were first started with it. */
  since: string;
  /** What it decides otherwise than the one before. */
  reason: string;
  /** Files that tell it from the one before. */
  files: readonly string[];
}

/** The versions that this code runs, by number. */
export const ENGINE_VERSIONS: Readonly<Record<number, EngineVersion>> = {
  1: {
    since: '2026-11-21',
    reason:
      "a signal that came before the run began took the place of its first commands; each step's task had the whole environment of the run in it",
    files: ['run/first-commands.ts'],
  },
  2: {
    since: '2026-11-28',
    reason:
      'first commands are carried out before the first signal; what steps share is named, not repeated; expressions have an allowance per task; what version 1 asks `patched` for is always so',
    files: [
      'program/program.ts',
      'run/plan-run.ts',
      'steps/list-steps.ts',
      'steps/run-step.ts',
      'steps/step-runner.ts',
    ],
  },
  3: {
    since: '2026-11-28',
    reason:
      'a local activity checks the plan and fills in its defaults, and its answer is in the history: no check and no default of a later orch touches the run',
    files: ['program/input.ts'],
  },
  4: {
    since: '2026-11-28',
    reason:
      'a run whose history becomes long continues in a new one, with all that it has come to; the answer about its plans is short',
    files: ['program/input.ts', 'run/new-history.ts', 'steps/list-steps.ts'],
  },
  5: {
    since: '2026-11-30',
    reason:
      'an approval without a timeout has a timer too, which shows in the timeline of the run what it asks, and for how long; a history is left before it has 4,000 events, and not at the first quiet moment after',
    files: ['run/new-history.ts', 'run/waits.ts'],
  },
  6: {
    since: '2026-11-30',
    reason:
      'steps that start together are carried out together; where that was asked for, short ones and those that certainly come after them are handed to the worker in one activity, and the run takes in nothing else meanwhile',
    files: ['steps/step-runner.ts'],
  },
  7: {
    since: '2026-11-30',
    reason:
      'short steps are handed to the worker in groups, unless the start says otherwise; a history is left before it has 3,000 events, or 2,000 where each replay has more than 20,000 steps to read',
    files: ['run/new-history.ts', 'steps/step-runner.ts'],
  },
  8: {
    since: '2026-11-30',
    reason:
      'the first group has up to 16 further steps, not 8, and one that follows on a group that was not finished half as many again as that got to; what is usual in the tasks and reports of a group is left out; a step of a group counts as an event where it is decided whether a history is left, only the bytes count that it has grown by, and half as many of both where each replay has more than 20,000 steps to read',
    files: ['run/new-history.ts', 'steps/group-pace.ts', 'steps/short-steps.ts'],
  },
  9: {
    since: '2026-12-01',
    reason:
      'at the end of a run the worker is asked whether it has all of the record, and is handed the whole only where it has not; short items of a `foreach` are handed to the worker in groups, too, where nothing else is under way; a group that a worker with many of them has not come to is handed out again',
    files: ['record/journal.ts', 'steps/group-pace.ts', 'steps/short-steps.ts', 'steps/step-runner.ts'],
  },
};

/** The versions of loops that this code runs, by number. */
export const LOOP_VERSIONS: Readonly<Record<number, EngineVersion>> = {
  1: { since: '2026-11-21', reason: 'the input is checked inside the workflow, when the loop begins', files: [] },
  2: {
    since: '2026-11-28',
    reason: 'a local activity checks the input, and its answer is in history: no check of a later orch touches it',
    files: ['loop/input.ts'],
  },
};

/** A change that an open run may have met halfway: it decides as before until `patched` has said otherwise. */
export interface Patch {
  /** Day on which it came. */
  since: string;
  /** What a run that has it does, and one that has not does otherwise. */
  reason: string;
}

/** Every id that the workflow code asks `patched` about. */
export const PATCHES: Readonly<Record<string, Patch>> = {
  'agents-go-along': {
    since: '2026-11-29',
    reason: 'a run whose history becomes long goes on in a new one together with its agents',
  },
  'asks-in-history': {
    since: '2026-11-29',
    reason: 'what goes along into a new history is asked by an activity, not by a local one',
  },
  'cancels-wait-at-once': {
    since: '2026-11-30',
    reason: 'what a schedule has started hears of a cancel at once, not when the wait for its run has ended',
  },
  'ends-when-full': {
    since: '2026-11-29',
    reason: 'a run that cannot leave its history ends by itself, shortly before the service would end it by force',
  },
  'first-commands': {
    since: '2026-11-28',
    reason: 'runs of version 1: first commands that a signal took the place of are carried out with the next event',
  },
  'fresh-session': {
    since: '2026-11-28',
    reason: 'a step whose agent has lost its session goes on in a fresh one',
  },
  'loop-fresh-session': {
    since: '2026-11-28',
    reason: 'a turn of a loop whose agent has lost its session is taken in a fresh one',
  },
  'loop-state-failed': {
    since: '2026-11-28',
    reason: 'a loop that fails has its state file say so, whatever failed',
  },
  'named-waits-double': {
    since: '2026-11-28',
    reason: 'an account that meets its limit again at the time that it had named itself waits twice as long',
  },
  reap: {
    since: '2026-11-21',
    reason: 'runs of version 1: what a canceled step has left running is ended by an activity',
  },
  'retry-failed-items': {
    since: '2026-11-29',
    reason: 'a `foreach` that is retried by hand runs only the items that did not go well',
  },
  seal: {
    since: '2026-11-21',
    reason: "runs of version 1: the whole record is written at the run's end, by a local activity",
  },
  'status-memo': {
    since: '2026-11-21',
    reason: 'runs of version 1: the memo says that a run is paused or quarantined',
  },
  'unreviewed-escalates': {
    since: '2026-11-28',
    reason: 'work that its reviewer has not judged is handed to a person',
  },
  'worktree-unknown': {
    since: '2026-11-28',
    reason: 'a step whose worktree could not be closed has failed, for its branch may lack its work',
  },
};

/** The words for a version that this code does not run, though another orch does; undefined for one that it runs. */
export function whyNotRun(
  version: number,
  { what = 'run', name = 'engine version', oldest = OLDEST_ENGINE_VERSION, newest = ENGINE_VERSION } = {},
): string | undefined {
  if (version >= oldest && version <= newest) return undefined;
  const range = oldest === newest ? `${newest}` : `${oldest} to ${newest}`;
  const is = `${name} ${version}; this worker runs ${range}`;
  if (version > newest) {
    return `This ${what} was started by a newer orch (${is}). Upgrade the worker: the ${what} waits until then.`;
  }
  return `This ${what} was started by an older orch (${is}). Start a worker of that older orch: the ${what} waits until then.`;
}
