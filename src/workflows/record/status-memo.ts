import { patched, upsertMemo } from '@temporalio/workflow';
import { isRunEnd, type RunStatus } from '../../engine/index.js';

/** Memo field with what an open run is at, where it is not simply running. */
const STATUS = 'status';

/**
 * Lets the list of runs and the Web UI show a run that is paused or quarantined: Temporal calls both running, and a
 * query needs a worker.
 *
 * @param versioned true for runs that all have it. A run must not ask `patched` while it begins: under load the check of
 * its start and what follows come into two workflow tasks, and a replay, which finds both in one, would not know of it.
 * @param before what the memo says already, where an earlier history has written it
 * @returns what to call with the status after each event
 */
export function statusMemo(versioned: boolean, before: RunStatus = 'running'): (status: RunStatus) => void {
  let shown: RunStatus = isHeld(before) ? before : 'running';
  return (status) => {
    const now = isHeld(status) ? status : 'running';
    if (now === shown || isRunEnd(status)) return;
    shown = now;
    if (versioned || patched('status-memo')) upsertMemo({ [STATUS]: now });
  };
}

function isHeld(status: RunStatus): boolean {
  return status === 'paused' || status === 'quarantined';
}
