import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgressView, RunResult, StepView } from '../contract/run-messages.js';
import type { LiveStep } from './describe.js';
import { asProgress } from './ended-run.js';
import { OrchError } from './errors.js';

/** Milliseconds between two looks at a run: the first while things change, the second while nothing does. */
const POLL_MS = { busy: 150, quiet: 1000 };
/** A run that answers slowly is asked rarely: after so many times as long as it took. */
const REST = 4;
/** Milliseconds to the next question where the run has not answered: the first, and the most. */
const SILENT_MS = { first: 1000, most: 15_000 };

export interface FollowOptions {
  /** Called with the steps that changed since the last call; never twice with the same state of a step. */
  onChange?: (steps: readonly StepView[], progress: ProgressView) => void;
  /** Called with each answer of the run: what is said of the run itself may change when no step has. */
  onProgress?: (progress: ProgressView) => void;
  /** Called when the run could not be asked (no worker, an outage), and when it answers again. */
  onSilence?: (silent: boolean, error?: OrchError) => void;
  /** Called now and then with what the running steps do, by their ids; a step's parts have its id and a `~`. */
  onLive?: (live: ReadonlyMap<string, LiveStep>) => void;
  /** Ends the following, not the run: the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** The run has been started a moment ago. It is not asked at once then, for that would hold its first steps up. */
  isNew?: boolean;
}

/** What `follow` needs of a client. */
interface Followable {
  pulse(runId: string, signal?: AbortSignal): Promise<{ events: number; live: ReadonlyMap<string, LiveStep> }>;
  progress(runId: string, since?: number, signal?: AbortSignal): Promise<ProgressView>;
  result(runId: string, signal?: AbortSignal): Promise<RunResult>;
}

/**
 * Follows a run to its end; see {@link FollowOptions}. The end is known at once, by a long poll beside the looks.
 *
 * A look asks the service, which costs the run nothing. The run itself is asked only where its history has grown, and
 * the more rarely the longer it takes to answer: a question makes its worker's next task slower, and a run whose
 * worker has to replay it first would be asked anew before it has answered.
 */
export async function follow(client: Followable, runId: string, options: FollowOptions): Promise<RunResult> {
  const leave = new AbortController();
  const signal = options.signal === undefined ? leave.signal : AbortSignal.any([options.signal, leave.signal]);
  const end = endOf(client.result(runId, signal));
  let looking: Promise<Look> | undefined;
  let giveUp = new AbortController();
  const seen = new Map<string, string>();
  const asked: Asked = { events: -1, again: 0, silentMs: SILENT_MS.first };
  let last: ProgressView | undefined;
  let unheard = '[]';
  let silent = false;
  let pause = POLL_MS.busy;
  const rest = (): Promise<End | undefined> => Promise.race([end, sleep(pause, undefined, { ref: false })]);
  try {
    let next: End | Look | undefined = options.isNew ? await rest() : undefined;
    for (;;) {
      if (next === undefined) {
        giveUp = new AbortController(); // one for each look: the connection never takes its listener off again
        looking = look(client, runId, last?.version, asked, giveUp.signal);
        next = await Promise.race([end, looking]);
      }
      options.signal?.throwIfAborted();
      if ('error' in next) throw next.error;
      if ('result' in next) {
        report(next.result.steps, asProgress(next.result, last));
        return next.result;
      }
      if ('failure' in next) {
        if (!silent) options.onSilence?.(true, next.failure);
        silent = true;
      } else if (next.progress !== undefined) {
        if (silent) options.onSilence?.(false);
        silent = false;
        pause = next.progress.steps.length > 0 ? POLL_MS.busy : Math.min(POLL_MS.quiet, pause * 1.5);
        report(next.progress.steps, next.progress);
        last = next.progress;
      } else pause = Math.min(POLL_MS.quiet, pause * 1.5);
      if ('live' in next && !silent) options.onLive?.(next.live);
      next = await rest();
    }
  } finally {
    leave.abort();
    giveUp.abort();
    await Promise.all([end, looking]); // or the caller would close the connection under them
  }

  function report(steps: readonly StepView[], progress: ProgressView): void {
    options.onProgress?.(progress);
    const changed = steps.filter((step) => {
      const { status, attempts, reason = '', waits_for: waits = '', message = '', items, sub_runs: runs } = step;
      const ended = items === undefined ? '' : `${items.ended} ${items.failed}`;
      const state = [status, attempts, reason, waits, message, ended, runs?.length].join(' ');
      if (seen.get(step.id) === state) return false;
      seen.set(step.id, state);
      return true;
    });
    const failed = JSON.stringify(progress.failed_notifications ?? []);
    if (changed.length > 0 || failed !== unheard) options.onChange?.(changed, progress);
    unheard = failed;
  }
}

type End = { result: RunResult } | { error: unknown };
type Live = { live: ReadonlyMap<string, LiveStep> };
type Look = (Live & { progress?: ProgressView }) | { failure: OrchError } | { error: unknown };

/** What is known of earlier questions. */
interface Asked {
  /** Events of the run's history when it last answered. */
  events: number;
  /** When it may be asked again, by `performance.now()`. */
  again: number;
  /** How long to leave it alone if it does not answer this time, either. */
  silentMs: number;
}

function endOf(result: Promise<RunResult>): Promise<End> {
  return result.then(
    (value): End => ({ result: value }),
    (error: unknown): End => ({ error }),
  );
}

const PASSING: ReadonlySet<string> = new Set(['no_worker', 'run_busy', 'service_unreachable', 'run_stuck']);

/** Looks once. That nobody answers is a thing to show, not to fail on: the run goes on without being watched. */
async function look(
  client: Followable,
  runId: string,
  since: number | undefined,
  asked: Asked,
  signal: AbortSignal,
): Promise<Look> {
  try {
    const { events, live } = await client.pulse(runId, signal);
    const now = performance.now();
    if (events === asked.events || now < asked.again) return { live };
    const progress = await client.progress(runId, since, signal);
    Object.assign(asked, { events, silentMs: SILENT_MS.first });
    asked.again = performance.now() + REST * (performance.now() - now);
    return { live, progress };
  } catch (error) {
    asked.again = performance.now() + asked.silentMs;
    asked.silentMs = Math.min(SILENT_MS.most, asked.silentMs * 2);
    const passing = error instanceof OrchError && PASSING.has(error.code);
    return passing ? { failure: error } : { error };
  }
}
