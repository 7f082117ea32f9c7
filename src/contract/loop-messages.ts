// What a loop, and those who start, look at and steer it agree on. Types only, and names: clients load this file too.
import type { LoopState } from '../loop/turns.js';
import type { LoopConfig } from '../loop/types.js';
import type { Role } from '../loop/roles.js';

/** Workflow type of a loop. A literal that open loops depend on. */
export const ORCH_LOOP = 'orchLoop';
/** Version of the decisions that the workflow makes; grows when a change would break the replay of open loops. */
export const LOOP_VERSION = 2;
/** Open loops of this version go on as they began. */
export const OLDEST_LOOP_VERSION = 1;
/** Queries. */
export const LOOP_VIEW = 'loop';
export const LOOP_TURNS = 'turns';
export const LOOP_INPUT = 'input';
/** Updates, and signals of the same names. */
export const LOOP_VERBS = ['stop', 'pause', 'resume'] as const;
export type LoopVerb = (typeof LOOP_VERBS)[number];

/** Start input of `orchLoop`. */
export interface LoopInput {
  loop_version: number;
  config: LoopConfig;
  /** Absolute folder of the configuration; absent where each role's workers have their own. */
  base_dir?: string;
  /** Task queue of the loop, which those of the roles are named after. */
  queue: string;
  /** Environment that the loop takes along from the one who started it. */
  env: Readonly<Record<string, string>>;
  carried: Carried;
}

/** Where a loop stands, and what it remembers: all that goes on to a continued or resumed one. */
export interface Carried {
  state: LoopState;
  /** The last iteration that is made. */
  last_iteration: number;
  used: { tokens: number; cost_usd: number; wall_sec: number };
  /** The last turns, the oldest first. */
  turns: readonly TurnRecord[];
  /** Number of the next record. */
  next_seq: number;
  /** When the loop was begun, milliseconds since the epoch. */
  began_at: number;
  /** Of a loop that continues as new while it is held. */
  paused?: boolean;
}

/** A turn that has ended. Times are milliseconds since the epoch. */
export interface TurnRecord {
  seq: number;
  iteration: number;
  role: Role;
  prompt: string;
  agent: string;
  /** Why this prompt, as the log has it. */
  decision: string;
  status: 'success' | 'warning' | 'failed' | 'stopped';
  /** Its last words, or why it failed. */
  words: string;
  exit_code?: number;
  log_dir?: string;
  duration_sec?: number;
  /** What its agent has used, where it tells. */
  tokens?: number;
  cost_usd?: number;
  /** Of a synchronised one: the commit that it made. */
  commit?: string;
  ended_at: number;
}

/** Why a loop stopped. */
export interface LoopFailure {
  iteration: number;
  role: Role;
  actor: 'galph' | 'ralph';
  /** What it was at: choosing the prompt, its turn, or the shared repository. */
  phase: 'router' | 'turn' | 'pull' | 'publish';
  prompt: string;
  /** Snake_case code. */
  reason: string;
  message: string;
  exit_code?: number;
  log_dir?: string;
}

export type LoopStatus = 'running' | 'paused' | 'stopping' | 'completed' | 'stopped' | 'failed' | 'canceled';

/** Answer of {@link LOOP_VIEW}. */
export interface LoopView {
  loop_id: string;
  status: LoopStatus;
  mode: 'combined' | 'role';
  iteration: number;
  /** Whose turn it is. */
  role: Role;
  /** What the loop is at; absent where it waits or has ended. */
  phase?: LoopFailure['phase'];
  /** What runs, once it is decided. */
  prompt?: string;
  agent?: string;
  decision?: string;
  /** Name of the turn that runs: its folder of logs. */
  step_id?: string;
  /** Task queue that must take it, where each role has workers of its own. */
  queue?: string;
  /** What it waits for, in words. */
  waits_for?: string;
  last_iteration: number;
  turns: number;
  used: Carried['used'];
  /** What people should know of, the newest last. */
  warnings: readonly string[];
  /** Number of the newest record of a turn; 0 before the first. */
  last_seq: number;
  failure?: LoopFailure;
  stop_reason?: string;
  began_at: number;
}

/** What is left of a loop that has ended: the result of a completed one, and a detail of `LoopFailed`. */
export interface LoopEnd {
  view: LoopView;
  /** What a loop that goes on with it is started with. */
  input: LoopInput;
}

/** What a steering verb may say. */
export interface LoopVerbInput {
  by?: string;
  /** Of `stop`: why. */
  reason?: string;
  /** Of `stop`: the turn that runs is ended, too. */
  now?: boolean;
}
