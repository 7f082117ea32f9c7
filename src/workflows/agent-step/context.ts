import type { ContextEntry, TurnFacts } from '../../contract/agent-turn.js';
import type { AgentProgress } from '../../contract/carried-agent.js';
import type { StepTask } from '../../contract/step-task.js';
import type { FailedAttempt, StepReport } from '../../engine/index.js';
import type { AgentAction, AgentSettings } from '../../plan/model/agent.js';
import type { Step } from '../../plan/model/plan.js';
import type { Temporal } from '../temporal/temporal.js';
import type { Ledger } from './ledger.js';
import type { Parking } from './parking.js';

/** The report of one execution, with what is known of an agent's turn. */
export type PieceReport = StepReport & { turn?: TurnFacts };

/** What an agent's step is, and how its pieces are run. */
export interface AgentStepContext {
  temporal: Temporal;
  step: Step;
  /** Its id; of an instance of a `foreach` with its index. */
  id: string;
  /** Templates are filled in. */
  action: AgentAction;
  /** How an agent is called, by its name; the names have been checked. */
  settings(name: string): AgentSettings;
  /** What the prompt tells of other steps. */
  context: readonly ContextEntry[];
  /** A task of the step, without its action. */
  task(stepId: string, attemptsBefore: number): Omit<StepTask, 'action'>;
  /** Runs one piece of the step, a turn or a gate, as an activity. */
  execute(step: Step, task: StepTask): Promise<PieceReport>;
  /** Says that a piece has ended, as soon as it is known: what follows is for this history. */
  landed(task: Pick<StepTask, 'step_id'>): void;
  /** Where it is: kept up to date before each wait. */
  progress: AgentProgress;
  parking: Parking;
  /** Shown to people, without an end of the step. */
  warn(message: string): void;
  /** Of the step's own budget. */
  ledger: Ledger;
  /** Of all agents of the run. */
  runLedger: Ledger;
  /** The same name for the step wherever its run is asked for it. */
  accountKey: string;
  /** Turns that were executions of the step, and those that failed. */
  attempts: { count: number; failed: FailedAttempt[] };
  /** Turns before this: a step that is tried again by hand goes on counting. */
  attemptsBefore: number;
  /** Turns, gates and reviews so far, which number the folders of their logs. */
  numbers: Map<string, number>;
  /** How many lost processes the step survives. */
  maxLost: number;
  /** Outputs that some expression of the plan reads. */
  wanted: readonly string[];
}
