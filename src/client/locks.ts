import type { Client, Connection } from '@temporalio/client';
import { LOCK, LOCK_VIEW, lockName, type LockRequest, type LockState } from '../contract/lock-messages.js';
import { asOrchError, onceItAnswers, withDeadline } from './service-errors.js';

/** Milliseconds that a query waits: it hangs while no worker runs. */
const QUERY_DEADLINE_MS = 2_000;

/** A run, or one of its steps, that holds a lock or waits for it. */
export interface LockUser {
  run_id: string;
  step_id?: string;
}

/** A lock that somebody holds. */
export interface LockView {
  name: string;
  holder: LockUser;
  /** In the order in which they get it. */
  waiters: LockUser[];
}

/** The locks that are held, by name. @throws OrchError `no_worker`, `service_unreachable`. */
export async function listLocks(client: Client, connection: Connection): Promise<LockView[]> {
  const locks: LockView[] = [];
  try {
    const query = `WorkflowType = '${LOCK}' AND ExecutionStatus = 'Running'`;
    for await (const { workflowId } of client.workflow.list({ query })) {
      // One that somebody has only just asked for has begun to be, and not yet to answer.
      const { holder, waiters } = await onceItAnswers(() =>
        withDeadline(connection, QUERY_DEADLINE_MS, () =>
          client.workflow.getHandle(workflowId).query<LockState>(LOCK_VIEW),
        ),
      );
      // One that nobody holds lingers for a while, for the next one to come.
      if (holder !== undefined) {
        locks.push({ name: lockName(workflowId), holder: userOf(holder), waiters: waiters.map(userOf) });
      }
    }
  } catch (error) {
    throw asOrchError(error);
  }
  return locks.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function userOf({ run_id, step_id }: LockRequest): LockUser {
  return step_id === undefined ? { run_id } : { run_id, step_id };
}
