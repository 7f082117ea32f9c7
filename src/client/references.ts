import { RUN_STATES } from '../contract/statuses.js';
import type { RunState, RunSummary } from './types.js';

/** What a reference says by itself, before any run is looked at. */
export type Reference =
  | { kind: 'last'; status?: RunState }
  /** A run's id or the beginning of one, or the id of a plan. */
  | { kind: 'name'; name: string };

/** Reads a reference; a text where it is none, which says why. */
export function readReference(text: string): Reference | string {
  if (!text.startsWith('@')) return { kind: 'name', name: text };
  const [, status] = /^@last(?::(\w+))?$/.exec(text) ?? [text, text];
  if (status === undefined) return { kind: 'last' };
  const known = RUN_STATES.find((state) => state === status);
  if (known !== undefined) return { kind: 'last', status: known };
  return `'${text}' is not a valid reference: write @last, or @last: and one of ${RUN_STATES.join(', ')}`;
}

/**
 * The runs that a name means, newest first: the run of that id, the latest one of the plan of that id, or all whose ids
 * begin with it.
 */
export function runsNamed<Run extends Pick<RunSummary, 'run_id' | 'plan_id' | 'started_at'>>(
  name: string,
  runs: readonly Run[],
): Run[] {
  const newest = [...runs].sort((a, b) => b.started_at - a.started_at);
  const exact = newest.find((run) => run.run_id === name) ?? newest.find((run) => run.plan_id === name);
  return exact === undefined ? newest.filter((run) => run.run_id.startsWith(name)) : [exact];
}
