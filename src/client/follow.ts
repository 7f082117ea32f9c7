import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgressView, RunResult, StepView } from '../contract/run-messages.js';
import type { LiveStep } from './describe.js';
import { OrchError } from './errors.js';

/** Milliseconds between two looks at a run: the first while things change, the second while nothing does. */
const POLL_MS = { busy: 150, quiet: 1000 };
/** Milliseconds between two looks at what the running steps do. */
const LIVE_MS = 1500;

export interface FollowOptions {
  /** Called with the steps that changed since the last call; never twice with the same state of a step. */
  onChange?: (steps: readonly StepView[], progress: ProgressView) => void;
  /** Called when the run could not be asked (no worker, an outage), and when it answers again. */
  onSilence?: (silent: boolean, error?: OrchError) => void;
  /** Called now and then with what the running steps do, by their ids; a step's parts have its id and a `~`. */
  onLive?: (live: ReadonlyMap<string, LiveStep>) => void;
  /** Ends the following, not the run: the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** What `follow` needs of a client. */
interface Followable {
  progress(runId: string, since?: number, signal?: AbortSignal): Promise<ProgressView>;
  result(runId: string, signal?: AbortSignal): Promise<RunResult>;
  live(runId: string): Promise<ReadonlyMap<string, LiveStep>>;
}

/** Follows a run to its end; see {@link FollowOptions}. The end is known at once, by a long poll beside the looks. */
export async function follow(client: Followable, runId: string, options: FollowOptions): Promise<RunResult> {
  const leave = new AbortController();
  const signal = options.signal === undefined ? leave.signal : AbortSignal.any([options.signal, leave.signal]);
  const end = endOf(client.result(runId, signal));
  let looking: Promise<Look> | undefined;
  let giveUp = new AbortController();
  const seen = new Map<string, string>();
  let last: ProgressView | undefined;
  let silent = false;
  let pause = POLL_MS.busy;
  let lived = Date.now();
  try {
    for (;;) {
      giveUp = new AbortController(); // one for each look: the connection never takes its listener off again
      looking = look(client, runId, last?.version, giveUp.signal);
      const next = await Promise.race([end, looking]);
      options.signal?.throwIfAborted();
      if ('error' in next) throw next.error;
      if ('result' in next) {
        report(next.result.steps, asProgress(next.result, last));
        return next.result;
      }
      if ('failure' in next) {
        if (!silent) options.onSilence?.(true, next.failure);
      } else {
        if (silent) options.onSilence?.(false);
        pause = next.progress.steps.length > 0 ? POLL_MS.busy : Math.min(POLL_MS.quiet, pause * 1.5);
        report(next.progress.steps, next.progress);
        last = next.progress;
      }
      silent = 'failure' in next;
      if (options.onLive !== undefined && !silent && Date.now() - lived >= LIVE_MS) {
        await Promise.race([end, client.live(runId).then(options.onLive, () => undefined)]);
        lived = Date.now();
      }
      await Promise.race([end, sleep(pause, undefined, { ref: false })]);
    }
  } finally {
    leave.abort();
    giveUp.abort();
    await Promise.all([end, looking]); // or the caller would close the connection under them
  }

  function report(steps: readonly StepView[], progress: ProgressView): void {
    const changed = steps.filter((step) => {
      const state = `${step.status} ${step.attempts} ${step.reason ?? ''}`;
      if (seen.get(step.id) === state) return false;
      seen.set(step.id, state);
      return true;
    });
    if (changed.length > 0) options.onChange?.(changed, progress);
  }
}

type End = { result: RunResult } | { error: unknown };
type Look = { progress: ProgressView } | { failure: OrchError } | { error: unknown };

function endOf(result: Promise<RunResult>): Promise<End> {
  return result.then(
    (value): End => ({ result: value }),
    (error: unknown): End => ({ error }),
  );
}

const PASSING: ReadonlySet<string> = new Set(['no_worker', 'service_unreachable', 'run_stuck']);

/** Asks once. That nobody answers is a thing to show, not to fail on: the run goes on without being watched. */
async function look(client: Followable, runId: string, since: number | undefined, signal: AbortSignal): Promise<Look> {
  try {
    return { progress: await client.progress(runId, since, signal) };
  } catch (error) {
    const passing = error instanceof OrchError && PASSING.has(error.code);
    return passing ? { failure: error } : { error };
  }
}

function asProgress(result: RunResult, last: ProgressView | undefined): ProgressView {
  const counts: ProgressView['counts'] = {
    pending: 0,
    running: 0,
    waiting: 0,
    success: 0,
    warning: 0,
    failed: 0,
    skipped: 0,
    canceled: 0,
  };
  for (const step of result.steps) counts[step.status] += 1;
  const { steps, status, ...rest } = result;
  return { ...rest, status, steps, counts, held: [], version: (last?.version ?? 0) + 1, total_steps: steps.length };
}
