import { workflowInfo } from '@temporalio/workflow';
import type { Seal } from '../../contract/seal.js';

declare global {
  /** Set by a worker that has a key, in front of the bundle. Milliseconds since the epoch. */
  var ORCH_SIGNED_SINCE: number | undefined;
}

/** A task that was handed out, and whose answer is awaited. */
export interface Awaited {
  /** Id of its seal. */
  id: string;
  name: string;
  activityId?: string;
}

/** What one workflow knows of the signatures on its messages. */
export interface Signing {
  /** From when on everything is signed here, milliseconds since the epoch; absent where the worker has no key. */
  readonly since: number | undefined;
  /** Whether the start was signed: then everything that follows is, too. */
  sealed: boolean;
  /** Activities, by their number. */
  readonly activities: Map<number, Awaited>;
  /** Runs of children by their number, as Temporal itself names them. */
  readonly children: Map<number, string>;
  /** Ids of the verbs that were heard, with the times when they were made: each is good once. */
  readonly heard: Map<string, number>;
  /** Makes a seal; each has another id, and the same ones when history is replayed. */
  seal(kind: Seal['kind'], name: string, more?: Partial<Seal>): Seal;
}

/** Begins a workflow's account of its messages. */
export function createSigning(): Signing {
  let count = 0;
  return {
    since: globalThis.ORCH_SIGNED_SINCE,
    sealed: false,
    activities: new Map(),
    children: new Map(),
    heard: new Map(),
    seal(kind, name, more) {
      const { runId } = workflowInfo();
      count += 1;
      return { kind, name, id: `${runId}/${count}`, at: Date.now(), run: runId, ...more };
    },
  };
}

/** Whether messages carry seals: where the worker has a key, and in the history of a run whose worker had one. */
export function hasSeals({ since, sealed }: Signing): boolean {
  return since !== undefined || sealed;
}

/** How old a verb may be that a run hears in a history which it has just gone on to. */
export const HEARD_FOR_MS = 60_000;

/** Answers that the worker before the first one that signs has given may be heard a little later. */
const GRACE_MS = 60_000;

/**
 * Whether what is heard now may come without a signature: there is no key, or the run began before orch signed its
 * messages, and this one was heard before that, too, or soon after. Workflow time, so a replay says the same.
 */
export function mayBeUnsigned({ since, sealed }: Signing): boolean {
  return since === undefined || (!sealed && Date.now() < since + GRACE_MS);
}
