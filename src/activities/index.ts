import { Context } from '@temporalio/activity';
import type { Activities } from '../contract/activities.js';
import type { ScheduledStarts } from '../contract/schedule-messages.js';
import { loopInputProblems } from '../loop/check-input.js';
import { admitPlan, admitPlans } from './admit-plan.js';
import { createAskAccount } from './agent/account.js';
import { endWorktree } from './agent/end-worktree.js';
import { createNoteLoopState } from './loop/note-state.js';
import { createRunTurn, type LoopDeps } from './loop/run-turn.js';
import { createSyncRepository } from './loop/sync-repository.js';
import { createLockActivities } from './locks.js';
import { createNotify } from './notify/notify.js';
import type { RecordKeeper } from '../records/record-keeper.js';
import { reapStep } from './cleanup/reap-step.js';
import { createRunStep } from './dispatch/run-step.js';
import { createRunSteps } from './command/run-steps.js';
import { executionOf } from './step/execution-info.js';
import { endingUnexpected } from './step/unexpected.js';
import { createScheduleActivities } from './schedules.js';
import { createVerifyStart } from './verify-start.js';
import type { AccountGateway } from '../temporal/account-gateway.js';
import type { ReadPendingSteps } from '../temporal/pending-steps.js';
import type { LockGateway } from '../temporal/lock-gateway.js';
import type { WorkerSigning } from '../temporal/signing.js';

/** What the activities need from the worker that they run in. */
export interface ActivityDeps extends LoopDeps {
  /** What tells signed starts; absent where the server guards itself. */
  signing?: WorkerSigning;
  locks: LockGateway;
  accounts: AccountGateway;
  /** Starts what schedules are due for; absent where that is another worker's. */
  schedules?: ScheduledStarts;
  pendingSteps: ReadPendingSteps;
  /** The records of the worker's runs. */
  records: Pick<RecordKeeper, 'seal' | 'finish' | 'flush'>;
}

/** Makes the activities of a worker. */
export function createActivities(deps: ActivityDeps): Activities {
  const locks = createLockActivities(deps.locks);
  const schedules = createScheduleActivities(deps.schedules);
  return {
    runStep: endingUnexpected(createRunStep(deps)),
    runSteps: endingUnexpected(createRunSteps(deps)),
    verifyStart: endingUnexpected(createVerifyStart(deps.signing)),
    admitPlan: endingUnexpected((sources) => admitPlan(sources, Context.current().cancellationSignal)),
    admitLoop: endingUnexpected((given) => Promise.resolve(loopInputProblems(given))),
    ...locks, // `endedRuns` as it is: a lock that failed would be none, so it asks until it knows
    acquireLock: endingUnexpected((...wish) => locks.acquireLock(...wish)),
    releaseLock: endingUnexpected((...lock) => locks.releaseLock(...lock)),
    askAccount: endingUnexpected(createAskAccount(deps.accounts)),
    endWorktree: endingUnexpected((end) => endWorktree(deps.stateDir, end, Context.current().info.attempt > 1)),
    admitPlans: endingUnexpected((sources) => admitPlans(sources, Context.current().cancellationSignal)),
    async leaveHistory() {
      const execution = executionOf(Context.current());
      await deps.records.flush(execution.workflowId);
      return deps.pendingSteps(execution, { withHosts: deps.manyHosts });
    },
    finishRecord: endingUnexpected(async (lastSeq) => {
      const { workflowId } = executionOf(Context.current());
      return lastSeq !== null && (await deps.records.finish(workflowId, lastSeq));
    }),
    // Tried a few times: a full disk may have room again. What it fails with is no matter of the run.
    seal: (record) => deps.records.seal(record),
    runTurn: endingUnexpected(createRunTurn(deps)),
    syncRepository: endingUnexpected(createSyncRepository(deps)),
    noteLoopState: endingUnexpected(createNoteLoopState(deps)),
    notify: endingUnexpected(createNotify(deps)),
    reapStep: endingUnexpected((task) => reapStep(deps.stateDir, task)),
    startScheduled: endingUnexpected(() => schedules.startScheduled()),
    awaitScheduled: (run) => schedules.awaitScheduled(run), // as it is: it waits until it knows
    cancelScheduled: endingUnexpected((run) => schedules.cancelScheduled(run)),
  };
}
