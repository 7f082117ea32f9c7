import { OrchError } from '../client/errors.js';
import { readReference, runsNamed, type Reference } from '../client/references.js';
import type { RunState } from '../client/types.js';
import { didYouMean } from '../plan/problems/suggest.js';
import { stateDir } from '../records/paths.js';
import { runFolders } from '../records/run-folders.js';
import { connect, settingsOf } from './connect.js';
import type { CliContext } from './context.js';
import { UsageError } from './errors.js';

/** What is known of a run that may be meant. */
interface KnownRun {
  run_id: string;
  plan_id: string;
  status: RunState;
  started_at: number;
}

/** Runs that are looked through for the name of a plan. */
const MOST_LOOKED_AT = 500;
/** Runs that an ambiguous reference names. */
const MOST_NAMED = 5;

/**
 * The run that a reference means: `@last`, `@last:failed`, the id of a plan for its latest run, or the beginning of a
 * run's id that no other one has.
 *
 * @param error of the command that took the reference for an id; thrown where it means no run either
 * @throws OrchError `run_not_found`, `ambiguous_run`; UsageError for `@` and anything else
 */
export async function findRun(context: CliContext, given: string, error?: Error): Promise<string> {
  const reference = readReference(given);
  if (typeof reference === 'string') throw new UsageError(reference);
  const runs = await knownRuns(context, reference, error);
  const [run, ...others] = reference.kind === 'last' ? runs.slice(0, 1) : runsNamed(reference.name, runs);
  if (run === undefined) throw noRun(given, runs, error);
  if (others.length > 0) throw ambiguous(given, [run, ...others]);
  if (run.run_id === given) throw error ?? noRun(given, runs); // it is there, and the command has had its reason
  context.note(`${context.colors.dim(`${given}: ${run.run_id}`)}\n`);
  return run.run_id;
}

/** Newest first. */
async function knownRuns(context: CliContext, reference: Reference, error?: Error): Promise<KnownRun[]> {
  try {
    const client = await connect(context, false);
    try {
      if (reference.kind === 'last') return await client.list({ limit: 1, ...reference });
      const named = await client.list({ limit: MOST_LOOKED_AT, all: true, idPrefix: reference.name });
      // Of these only the names are looked at.
      const newest = await client.list({ limit: MOST_LOOKED_AT, unverified: true });
      return [...named, ...newest.filter(({ run_id }) => !run_id.startsWith(reference.name))];
    } finally {
      await client.close();
    }
  } catch (unreachable) {
    const down = unreachable instanceof OrchError && unreachable.code === 'service_unreachable';
    if (!down || settingsOf(context) !== undefined) throw error ?? unreachable;
    return recordedRuns(context, reference);
  }
}

/** What the records of this machine tell, where the service does not answer. */
async function recordedRuns(context: CliContext, reference: Reference): Promise<KnownRun[]> {
  const runs: KnownRun[] = [];
  for await (const { manifest } of runFolders(stateDir(context.env))) {
    if (manifest === undefined) continue;
    const status = manifest.status === 'pending' ? 'running' : manifest.status;
    if (reference.kind === 'last' && (manifest.parent_run_id !== null || (reference.status ?? status) !== status)) {
      continue;
    }
    runs.push({
      run_id: manifest.run_id,
      plan_id: manifest.plan_id,
      status,
      started_at: Date.parse(manifest.started_at ?? manifest.created_at ?? '') || 0,
    });
  }
  return runs.sort((a, b) => b.started_at - a.started_at);
}

function noRun(given: string, runs: readonly KnownRun[], error?: Error): Error {
  if (error instanceof OrchError && error.code !== 'run_not_found') return error;
  const message = given.startsWith('@') ? `There is no run that ${given} could mean` : `There is no run '${given}'`;
  if (error !== undefined && error.message !== message) return error; // it is there, and of another kind
  const near = didYouMean(given, new Set(runs.flatMap(({ plan_id, run_id }) => [plan_id, run_id])));
  const hint = '`orch list` shows the runs';
  return new OrchError('run_not_found', message, { hint: near === undefined ? hint : `${near} ${hint}` });
}

function ambiguous(given: string, runs: readonly KnownRun[]): OrchError {
  const named = runs.slice(0, MOST_NAMED).map(({ run_id, status }) => `${run_id} (${status})`);
  const more = runs.length > MOST_NAMED ? `, and ${runs.length - MOST_NAMED} more` : '';
  return new OrchError('ambiguous_run', `'${given}' may be ${runs.length} runs: ${named.join(', ')}${more}`, {
    hint: 'write more of the id, or @last for the latest run',
  });
}
