import { asksRouter, type TurnChoice } from './decide.js';
import type { Prompt } from './prompts.js';
import { ACTORS, ROLES, type Role } from './roles.js';
import type { LoopConfig } from './types.js';
import { defined } from '../basics/defined.js';

/** What a loop is at: all that the next turn depends on, and nothing of how it is run. */
export interface LoopState {
  /** From 1; both turns of an iteration have its number. */
  iteration: number;
  /** Whose turn it is. */
  role: Role;
  /** `publish`: the turn itself is over, and only its work has to go to the shared repository. */
  phase: 'turn' | 'publish';
  /** Whether the reviewer has had a turn in this iteration. */
  reviewed: boolean;
  /** What the turn runs, once that is decided: a turn that is repeated runs the same. */
  decision?: TurnChoice;
  /** Executions of this turn so far, and of its router; they number the folders of their logs. */
  tries: { turn: number; router: number };
  last_prompt?: string;
  last_prompt_role?: Role;
  /** Turns that went well since the loop began. */
  turns: number;
  /**
   * Tells the turns of this beginning from those of another that had the same id: folders, sessions and commits are
   * named after turns. Absent in a loop that is the first of its id.
   */
  generation?: string;
  /** Set until the first turn is over of a loop that was told where to begin, whatever its state file says. */
  claims?: true;
}

/** What comes next. */
export type NextTurn =
  | { done: true; reason: string }
  | { done: false; iteration: number; role: Role; actor: 'galph' | 'ralph'; ask: 'router' | 'nobody' | 'decided' };

/** A loop that has just begun. */
export function initialState({ start_role: role = ROLES[0] }: Pick<LoopConfig, 'start_role'> = {}): LoopState {
  return { iteration: 1, role, phase: 'turn', reviewed: false, tries: { turn: 0, router: 0 }, turns: 0 };
}

/** Says whose turn it is and whether a router is asked, or that the loop has made its iterations. */
export function nextTurn(config: LoopConfig, state: LoopState, lastIteration: number): NextTurn {
  const { iteration, role, decision } = state;
  if (iteration > lastIteration) return { done: true, reason: `iteration ${lastIteration} was the last` };
  const ask = decision !== undefined ? 'decided' : asksRouter(config, state) ? 'router' : 'nobody';
  return { done: false, iteration, role, actor: ACTORS[role], ask };
}

/** The turn is over and went well; what it made has to be published, where that is wanted. */
export function turnDone(config: LoopConfig, state: LoopState): LoopState {
  return config.git === undefined ? advance(config, state) : { ...state, phase: 'publish' };
}

/** The step is over with all that belongs to it: the pointer moves on. It never moves otherwise. */
export function advance(config: LoopConfig, state: LoopState): LoopState {
  const { iteration, role, decision, turns } = state;
  const first = role === 'supervisor';
  const reviewed = state.reviewed || decision?.prompt.key === config.reviewer.key;
  return {
    iteration: first ? iteration : iteration + 1,
    role: first ? 'main' : 'supervisor',
    phase: 'turn',
    reviewed: first && reviewed,
    tries: { turn: 0, router: 0 },
    ...lastPrompt(state, decision?.prompt),
    turns: turns + 1,
    ...defined({ generation: state.generation }),
  };
}

function lastPrompt(state: LoopState, prompt: Prompt | undefined): Pick<LoopState, 'last_prompt' | 'last_prompt_role'> {
  return prompt === undefined ? {} : { last_prompt: prompt.key, last_prompt_role: state.role };
}

/** How many turns go before a place. */
export function turnsBefore({ iteration, role }: Pick<LoopState, 'iteration' | 'role'>): number {
  return 2 * (iteration - 1) + (role === 'main' ? 1 : 0);
}

/** Name of a turn, as its logs, its commit and its activity have it. */
export function turnId({ iteration, role, generation }: Pick<LoopState, 'iteration' | 'role' | 'generation'>): string {
  const beginning = generation === undefined ? '' : `~${generation}`;
  return `iter-${String(iteration).padStart(5, '0')}.${role}${beginning}`;
}

/** Name of the router's turn that goes before another one. */
export function routerId({ generation, ...state }: Pick<LoopState, 'iteration' | 'role' | 'generation'>): string {
  const beginning = generation === undefined ? '' : `~${generation}`;
  return `${turnId(state)}.router${beginning}`;
}
