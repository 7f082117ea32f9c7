import { ApplicationFailure, Context } from '@temporalio/activity';
import { hasRoom } from '../../host/disk-room.js';
import { inspectTry } from '../../process/index.js';
import type { StepHeartbeat } from '../../contract/step-task.js';
import { carried } from './attempt-record.js';
import type { Execution, RunStepDeps } from './execution.js';
import { tryDirOf } from './try-folder.js';
import { withoutStack } from '../../basics/without-stack.js';

/** Until it is looked whether there is room again. Milliseconds. */
const AGAIN_MS = 10_000;

/**
 * Lets a step wait that has not begun while there is no room for its files: neither the claim of its process nor how it
 * ended could be written down. What runs already goes on.
 */
export function waitForRoom(deps: RunStepDeps, execution: Execution): void {
  if (hasRoom(deps.stateDir) || hasBegun(deps, execution)) return;
  throw diskFull(deps, execution);
}

/** What an attempt throws that could not go on for want of room; it is no try of the step. */
export function diskFull(deps: RunStepDeps, execution: Execution): Error {
  Context.current().heartbeat(carried({ ...execution, detached: execution.detached + 1 }) satisfies StepHeartbeat);
  return withoutStack(
    ApplicationFailure.create({
      type: 'DiskFull',
      message: `DiskFullError: there is no room in ${deps.stateDir} for the files of this step; it goes on once there is`,
      nextRetryDelay: AGAIN_MS,
    }),
  );
}

function hasBegun(deps: RunStepDeps, execution: Execution): boolean {
  if (execution.host === undefined) return false; // a call has no process that could have begun
  const { status } = inspectTry(tryDirOf(deps.stateDir, execution));
  return status !== 'absent' && status !== 'unclaimed';
}
