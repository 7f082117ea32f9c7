import type { GateFailure, PersonsAnswer, TurnFacts, TurnPrompt } from './agent-turn.js';
import type { CarriedCounts } from './carried-counts.js';
import type { FailedAttempt, StepReport } from './step-result.js';

/** An agent that may take a turn. */
export interface Candidate {
  agent: string;
  tier?: string;
  model?: string;
}

/** A session of an agent, and what it has used, where the agent counts that. */
export interface AgentSession {
  id: string;
  agent: string;
  tokens?: number;
  cost_usd?: number;
}

/** What agents have cost. */
export interface Usage {
  tokens: number;
  cost_usd: number;
  wall_sec: number;
}

/** What a step wants to know of a person. */
export interface Asked {
  why: 'question' | 'escalated';
  text: string;
  /** What is left to do. */
  fix?: NonNullable<TurnPrompt['again']>;
  /** There is no review. */
  unreviewed?: true;
}

/**
 * How far an agent's step is, as plain data that its code keeps up to date: where it waits, what comes next follows from
 * this, the plan and the run, and from nothing else. A run may go on in a new history while the step waits: for a turn, a gate
 * or a review, whose process is found again; for a time; for a person.
 */
export interface AgentProgress {
  fix_rounds: number;
  /** Turns of which nobody knows the end. */
  losses: number;
  /** Turns that failed. */
  failures: number;
  /** Fix rounds before a person is asked. */
  rounds_left: number;
  /** The last turn of the step's own agent. */
  last?: TurnFacts;
  session?: AgentSession;
  /** Some agent told what it cost. */
  cost_known?: true;
  /** It has its share of the run's budget. */
  reserved?: true;
  /** Why there is another turn. */
  again?: TurnPrompt['again'];
  /** The next turn is in a fresh session, because another one was over. */
  renewed?: true;
  /** When the next turn is due, milliseconds since the epoch, where it waits for that. */
  retry_at?: number;
  /** How often the turn has waited for its quota. */
  parks?: number;
  /** The turn, or the review, that is under way or about to begin. */
  turn?: { candidate: Candidate; number: number };
  /** What it waits for without a slot; `ready` once it waits for a slot only. */
  wait?: { for: 'quota' | 'budget' | 'person'; until?: number; ready?: true };
  /** The turn whose work is looked at. */
  worked?: { report: StepReport; turn: TurnFacts };
  /** Gates that have ended, and the number of the one that is under way. */
  gates?: { failures: GateFailure[]; results: { run: string; message: string }[]; number?: number };
  /** Tries of the review. */
  review?: { lost: number; tries: number };
  asked?: Asked;
}

/** A budget between two turns. */
export interface CarriedLedger {
  used: Usage;
  reserved: Usage;
  reservations: number;
  warned: string[];
}

/** An agent's step that is under way. */
export interface CarriedAgent {
  progress: AgentProgress;
  attempts: { count: number; failed: FailedAttempt[] };
  /** Of its own budget. */
  ledger: CarriedLedger;
  /** What a person has said to it, where it has not gone on with that yet. */
  said?: PersonsAnswer;
}

/** The agents of a run. */
export interface CarriedAgents {
  /** By step or instance. */
  steps: [id: string, agent: CarriedAgent][];
  /** Of the run's budget. */
  ledger: CarriedLedger;
  /** Turns, gates and reviews so far, which number their folders. */
  numbers: CarriedCounts;
}
