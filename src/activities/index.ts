import { createAskAccount, type AccountAnswer, type AccountQuestion } from './agent/account.js';
import { endWorktree, type WorktreeEnd } from './agent/end-worktree.js';
import { createRunTurn, type LoopDeps } from './loop/run-turn.js';
import { createSyncRepository } from './loop/sync-repository.js';
import type { SyncReport, SyncTask, TurnSuccess, TurnTask } from '../contract/loop-turn.js';
import { createLockActivities, type LockActivities } from './locks.js';
import type { RunRecord } from '../journal/index.js';
import type { RecordKeeper } from '../records/record-keeper.js';
import { reapStep, type ReapTask } from './cleanup/reap-step.js';
import { createRunStep } from './dispatch/run-step.js';
import type { SharedTask, StepSuccess, StepTask } from '../contract/step-task.js';
import { endingUnexpected } from './step/unexpected.js';
import { createVerifyStart, type StartQuestion, type StartVerdict } from './verify-start.js';
import type { AccountGateway } from '../temporal/account-gateway.js';
import type { LockGateway } from '../temporal/lock-gateway.js';
import type { WorkerSigning } from '../temporal/signing.js';

/** What the activities need from the worker that they run in. */
export interface ActivityDeps extends LoopDeps {
  /** What tells signed starts; absent where the server guards itself. */
  signing?: WorkerSigning;
  locks: LockGateway;
  accounts: AccountGateway;
  /** The records of the worker's runs. */
  records: Pick<RecordKeeper, 'seal'>;
}

/** The activities that a worker offers, by name. */
export interface Activities extends LockActivities {
  /** Runs one step to its end. */
  runStep(task: StepTask | SharedTask): Promise<StepSuccess>;
  /** Says whether a workflow's start was signed, and was not used before. Local activity. */
  verifyStart(asked: StartQuestion): Promise<StartVerdict>;
  /** Writes the whole record of a run that has ended. Local activity: its input stands in no history. */
  seal(record: RunRecord): Promise<void>;
  /** Asks when a step may start its agent, and tells of a quota that is used up. */
  askAccount(question: AccountQuestion): Promise<AccountAnswer>;
  /** Commits and removes the work tree of an agent's step. */
  endWorktree(end: WorktreeEnd): Promise<{ stays?: string }>;
  /** Runs one turn of a loop. */
  runTurn(task: TurnTask): Promise<TurnSuccess>;
  /** Takes over what others have done in a shared repository, or hands on what a turn has made. */
  syncRepository(task: SyncTask): Promise<SyncReport>;
  /** Ends what a canceled step has left running. */
  reapStep(task: ReapTask): Promise<void>;
}

/** Makes the activities of a worker. */
export function createActivities(deps: ActivityDeps): Activities {
  const { acquireLock, releaseLock, endedRuns } = createLockActivities(deps.locks);
  return {
    runStep: endingUnexpected(createRunStep(deps)),
    verifyStart: endingUnexpected(createVerifyStart(deps.signing)),
    acquireLock: endingUnexpected(acquireLock),
    releaseLock: endingUnexpected(releaseLock),
    // A lock that failed would be none: it asks until it knows.
    endedRuns,
    askAccount: endingUnexpected(createAskAccount(deps.accounts)),
    endWorktree: endingUnexpected((end) => endWorktree(deps.stateDir, end)),
    // Tried a few times: a full disk may have room again. What it fails with is no matter of the run.
    seal: (record) => deps.records.seal(record),
    runTurn: endingUnexpected(createRunTurn(deps)),
    syncRepository: endingUnexpected(createSyncRepository(deps)),
    reapStep: endingUnexpected((task) => reapStep(deps.stateDir, task)),
  };
}
