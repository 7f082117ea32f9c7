import { inspectTry, reap, sweepTries, type Try } from '../../process/index.js';
import { attemptsDir } from '../../records/paths.js';
import type { TryOwner } from '../step/try-folder.js';

/** Milliseconds between TERM and KILL for what belongs to no open run any more. */
const GRACE_MS = 10_000;

/** What the service says of a run. */
export interface OpenRun {
  /** Ids of the steps that run, or wait for their next attempt. */
  steps: Pick<ReadonlySet<string>, 'has'>;
}

export interface SweepDeps {
  stateDir: string;
  /** Only tries of this service are looked at: others know of the rest. */
  service: string;
  /** Undefined where the run has closed. Rejects where the service cannot be asked. */
  openRun(run: { run_id: string; temporal_run_id: string }): Promise<OpenRun | undefined>;
  onError: (error: unknown) => void;
}

/**
 * Ends what this host still runs of steps that nobody waits for: of runs that were terminated, and of steps that were
 * canceled while no worker was there. Their folders go too, and those of steps whose end is known.
 */
export async function sweepFinished(deps: SweepDeps): Promise<void> {
  const known = new Map<string, Promise<OpenRun | undefined>>();
  await sweepTries(attemptsDir(deps.stateDir), {
    async isOpen({ owner }) {
      const { service, run_id, temporal_run_id, step_id } = owner as Partial<TryOwner>;
      if (service !== deps.service || !run_id || !temporal_run_id || !step_id) return true;
      // Asked after the folders were listed: a folder is made by a step that runs.
      const run = known.get(temporal_run_id) ?? deps.openRun({ run_id, temporal_run_id });
      known.set(temporal_run_id, run);
      return (await run)?.steps.has(step_id) === true;
    },
    graceMs: GRACE_MS,
    onError: deps.onError,
  });
}

/**
 * Ends all steps of a service that this host runs, for `orch down --stop-steps`. Those that may run twice begin anew
 * with the next worker, the others fail then.
 *
 * @returns how many ran.
 */
export async function stopSteps(stateDir: string, service: string): Promise<number> {
  const running = await triesOf(stateDir, service, ({ dir }) => inspectTry(dir).status === 'running');
  // All at once: each may take its grace.
  await Promise.all(running.map(({ dir }) => reap(dir, 'canceled', { graceMs: GRACE_MS })));
  await sweepTries(attemptsDir(stateDir), {
    isOpen: async ({ owner, dir }) =>
      isOfOther(owner, service) || (owner as Partial<TryOwner>).run_once === 'true' || hasEndedByItself(dir),
    graceMs: GRACE_MS,
  });
  return running.length;
}

/** Its end is known, and the next worker reports it: to begin it anew would do its work twice. */
function hasEndedByItself(dir: string): boolean {
  const { status, stopped } = inspectTry(dir);
  return status === 'exited' && stopped !== 'canceled';
}

/** How many steps of a service this host runs, whether a worker is there or not. */
export async function countRunningSteps(stateDir: string, service: string): Promise<number> {
  return (await triesOf(stateDir, service, ({ dir }) => inspectTry(dir).status === 'running')).length;
}

async function triesOf(stateDir: string, service: string, wanted: (attempt: Try) => boolean): Promise<Try[]> {
  const found: Try[] = [];
  await sweepTries(attemptsDir(stateDir), {
    async isOpen(attempt) {
      if (!isOfOther(attempt.owner, service) && wanted(attempt)) found.push(attempt);
      return true;
    },
    graceMs: GRACE_MS,
  });
  return found;
}

function isOfOther(owner: Try['owner'], service: string): boolean {
  return (owner as Partial<TryOwner>).service !== service;
}
