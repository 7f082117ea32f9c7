import type { CarriedPlans } from './carried-run.js';
import type { RunRecord } from './run-record.js';
import type { PlanSources } from '../plan/files/check-set.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';
import type { Plan } from '../plan/model/plan.js';
import type { LockRequest } from './lock-messages.js';
import type { StateNote, SyncReport, SyncTask, TurnSuccess, TurnTask } from './loop-turn.js';
import type { NotifyReport, NotifyTask } from './notify.js';
import type { ScheduledEnd, ScheduledRun } from './schedule-messages.js';
import type { Seal } from './seal.js';
import type { GroupReport, StepGroup } from './step-group.js';
import type { CarriedStep, StepTask, SharedTask, StepSuccess } from './step-task.js';

/** The activities that a worker offers, by name. */
export interface Activities extends LockActivities, ScheduleActivities {
  /** Runs one step to its end. */
  runStep(task: StepTask | SharedTask): Promise<StepSuccess>;
  /** Begins steps one after the other for a moment, and says what has become of them: those that take long run on. */
  runSteps(group: StepGroup): Promise<GroupReport>;
  /**
   * Called before a run goes on in a new history: writes its record down so far, and says what the service knows of the
   * steps that run, by their ids. Local activity.
   */
  leaveHistory(): Promise<Record<string, CarriedStep>>;
  /** Says whether a workflow's start was signed, and was not used before. Local activity. */
  verifyStart(asked: StartQuestion): Promise<SignatureVerdict>;
  /** Checks the plans of a run, and fills in their defaults. Local activity: only its answer stands in history. */
  admitPlan(sources: PlanSources): Promise<PlanVerdict>;
  /** The same for runs that may become long: the answer is short, and goes along when they go on in a new history. */
  admitPlans(sources: PlanSources): Promise<CompactVerdict>;
  /** Says what is wrong with the input of a loop, a line each. Local activity: only its answer stands in history. */
  admitLoop(given: unknown): Promise<string[]>;
  /**
   * Writes the rest of the record of a run that has ended, and says whether it is whole then. Local activity.
   *
   * @param lastSeq number of its last event; null where this worker may lack some
   */
  finishRecord(lastSeq: number | null): Promise<boolean>;
  /** Writes the whole record of a run that has ended. Local activity: its input stands in no history. */
  seal(record: RunRecord): Promise<void>;
  /** Asks when a step may start its agent, and tells of a quota that is used up. */
  askAccount(question: AccountQuestion): Promise<AccountAnswer>;
  /** Commits and removes the worktree of an agent's step. */
  endWorktree(end: WorktreeEnd): Promise<WorktreeEnded>;
  /** Runs one turn of a loop. */
  runTurn(task: TurnTask): Promise<TurnSuccess>;
  /** Takes over what others have done in a shared repository, or hands on what a turn has made. */
  syncRepository(task: SyncTask): Promise<SyncReport>;
  /** Writes into the state file of a loop that the loop has failed. */
  noteLoopState(note: StateNote): Promise<void>;
  /** Tells one receiver of one event of a run. */
  notify(task: NotifyTask): Promise<NotifyReport>;
  /** Ends what a canceled step has left running. */
  reapStep(task: ReapTask): Promise<void>;
}

/** The activities about schedules. */
export interface ScheduleActivities {
  /** Starts the run that a schedule is due for, or fails with the reason why it cannot. */
  startScheduled(): Promise<ScheduledRun>;
  /** Waits for the end of that run. */
  awaitScheduled(run: ScheduledRun): Promise<ScheduledEnd>;
  /** Asks it to stop: the next one is due, and the schedule says that this ends the one before. */
  cancelScheduled(run: ScheduledRun): Promise<void>;
}

/** What a start's signature covers: all that decides what the workflow will do, and where. */
export interface StartClaim {
  workflow_type: string;
  workflow_id: string;
  task_queue: string;
  args: unknown[];
}

/** A start: with a seal that was found to be genuine, or one from before there were seals, with its signature. */
export type StartQuestion = { seal: Seal; started_at: number } | (StartClaim & { signature?: string });

export type SignatureVerdict = 'signed' | 'not_required' | 'refused';

/** Plans as a run goes by them, whatever a later version would make of what was written; or what is wrong with them. */
export type PlanVerdict =
  | { ok: true; plan: Plan; /** With their paths. */ plans: [string, Plan][] }
  | { ok: false; diagnostics: Diagnostic[] };

/** Plans as of {@link PlanVerdict}, against their documents. */
export type CompactVerdict = { ok: true; plans: CarriedPlans } | { ok: false; diagnostics: Diagnostic[] };

/** What is needed to find the tries of a task. */
export type ReapTask = Pick<StepTask, 'step_id' | 'grace_sec' | 'attempts_before' | 'first_run_id'> & {
  retries: number;
};

/** What a step asks of the account of its agent. */
export interface AccountQuestion {
  account: string;
  /** The step, or an instance of it, in its run: tells askers apart. */
  key: string;
  /** Set where the step has just met the limit: when the quota is there again, or null where nobody knows. */
  hit?: { key: string; reset_at: number | null };
}

/** When a step may start its agent, milliseconds since the epoch; 0 for at once. */
export interface AccountAnswer {
  start_at: number;
}

/** The worktree of a step that has ended well. */
export interface WorktreeEnd {
  /** A folder in it. */
  dir: string;
  /** What the commit of what was left uncommitted says. */
  message: string;
  /** The branch that is to have the work. */
  branch?: string;
  /** Signs the commit. */
  sign?: boolean;
}

/** What has become of a worktree. */
export interface WorktreeEnded {
  /** Why it is there still, though its branch has all of the work. */
  stays?: string;
  /** Why its branch lacks work. */
  lacks?: string;
}

/** What came of a request: the lock, or the run that holds it. */
export type LockAnswer = { granted: true } | { granted: false; holder: string };

/** The activities about locks. */
export interface LockActivities {
  /**
   * Asks for a lock and waits until it is granted, or until another run than `known` holds it. A canceled wait leaves
   * the request where it is: the run takes it back by `releaseLock`, which also works when this worker is gone.
   */
  acquireLock(name: string, request: LockRequest, known: string | null): Promise<LockAnswer>;
  /** Gives a lock back, or takes the request for it back. */
  releaseLock(name: string, key: string): Promise<void>;
  /** Keys of the requests whose run has ended, and with it what it ran. Local activity. */
  endedRuns(requests: LockRequest[]): Promise<string[]>;
}
