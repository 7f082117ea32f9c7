import { patched, upsertMemo } from '@temporalio/workflow';
import { isRunEnd, type RunStatus } from '../engine/index.js';

/** Memo field with what an open run is at, where it is not simply running. */
const STATUS = 'status';

/**
 * Lets the list of runs and the Web UI show a run that is paused or quarantined: Temporal calls both running, and a
 * query needs a worker.
 *
 * @returns what to call with the status after each event
 */
export function statusMemo(): (status: RunStatus) => void {
  let shown: RunStatus = 'running';
  return (status) => {
    const now = isHeld(status) ? status : 'running';
    if (now === shown || isRunEnd(status)) return;
    shown = now;
    if (patched('status-memo')) upsertMemo({ [STATUS]: now });
  };
}

function isHeld(status: RunStatus): boolean {
  return status === 'paused' || status === 'quarantined';
}
