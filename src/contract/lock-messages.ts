// What the lock workflow, those who ask it and those who look at it agree on. No import: workers, clients and
// the workflow sandbox all load this file.

/** Workflow type of a lock. A literal that open locks depend on. */
export const LOCK = 'lock';
/** Signal: asks for the lock. Asking twice with one key is asking once. */
export const LOCK_REQUEST = 'request';
/** Signal: gives the lock back, or takes a request back, by its key. */
export const LOCK_RELEASE = 'release';
/** Query: who holds the lock, and who waits. */
export const LOCK_VIEW = 'view';

/** What the workflow ids of locks begin with. */
export const LOCK_PREFIX = 'orch-lock:';

/** Workflow id of the lock with this name. */
export function lockId(name: string): string {
  return `${LOCK_PREFIX}${name}`;
}

/** Name of the lock with this workflow id. */
export function lockName(workflowId: string): string {
  return workflowId.slice(LOCK_PREFIX.length);
}

/** Somebody who holds a lock or waits for it. */
export interface LockRequest {
  /** One per taking, so that neither an activity that is tried again nor a late release means another one. */
  key: string;
  /** Workflow id of the run. */
  run_id: string;
  /** Temporal's own id of the run: a later run may have the same workflow id. */
  temporal_run_id: string;
  /** The step that wants it; absent where the run does. */
  step_id?: string;
  /** Seconds after a sudden end of the run until its processes are gone for sure. */
  settle_sec: number;
}

/** Answer of {@link LOCK_VIEW}, and what a lock carries over when it continues as new. */
export interface LockState {
  holder?: LockRequest;
  /** First come, first served. */
  waiters: LockRequest[];
}
