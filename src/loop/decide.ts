import type { Result } from '../plan/model/diagnostic.js';
import { agentFor } from './agents.js';
import type { Prompt } from './prompts.js';
import { ACTORS, type Role } from './roles.js';
import { readRouterOutput, type RouterFault } from './router.js';
import type { LoopConfig } from './types.js';

/** Where a loop stands, as far as choosing a prompt goes. */
export interface LoopPosition {
  iteration: number;
  /** Whose turn it is. */
  role: Role;
  /** Whether the reviewer has had a turn in this iteration. */
  reviewed: boolean;
}

/** Which prompt a turn runs, and why. */
export interface TurnChoice {
  iteration: number;
  role: Role;
  prompt: Prompt;
  agent: string;
  /** `sequence`: no router; `role`: the prompt of the role; `review_cadence`; `router`: what the router answered. */
  source: 'sequence' | 'role' | 'review_cadence' | 'router';
  reason: string;
}

/** Whether a review is due at a place: in every nth iteration, until it was held. */
function reviewDue({ review_every_n }: LoopConfig, { iteration, reviewed }: LoopPosition): boolean {
  return review_every_n > 0 && iteration % review_every_n === 0 && !reviewed;
}

/**
 * Whether a router prompt is asked before a turn. A review that is due and that the supervisor's turn did not hold is
 * held in the turn of main, whatever a router would say: there is exactly one in such an iteration.
 */
export function asksRouter(config: LoopConfig, place: LoopPosition): boolean {
  const { mode, prompt, applies_to } = config.router;
  if (mode === 'off' || prompt === undefined) return false;
  if (place.role === 'supervisor') return true;
  return applies_to === 'all' && !reviewDue(config, place);
}

/** What a turn runs without asking anybody. */
export function decideByRule(config: LoopConfig, place: LoopPosition): TurnChoice {
  const { iteration, role } = place;
  if (reviewDue(config, place)) {
    const reason = `every ${config.review_every_n} iterations there is a review`;
    return decision(config, place, config.reviewer, 'review_cadence', reason);
  }
  const source = config.router.mode === 'off' ? 'sequence' : 'role';
  const prompt = config.prompts[role];
  return { iteration, role, prompt, agent: agentFor(config.agents, role, prompt), source, reason: `turn of ${role}` };
}

/** What a turn runs after the router was asked; its answer must be exactly one allowed line. */
export function decideByRouter(
  config: LoopConfig,
  place: LoopPosition,
  output: string,
): Result<TurnChoice, RouterFault> {
  const chosen = readRouterOutput(config, place.role, output);
  if (!chosen.ok) return chosen;
  const ruled = decideByRule(config, place);
  if (config.router.mode === 'router_default' && chosen.value.key === ruled.prompt.key) {
    return { ok: true, value: { ...ruled, reason: `${ruled.reason}; the router agrees` } };
  }
  if (chosen.value.key === config.reviewer.key && place.reviewed) {
    return { ok: true, value: { ...ruled, reason: `${ruled.reason}; this iteration was already reviewed` } };
  }
  const instead = config.router.mode === 'router_default' ? ` instead of ${ruled.prompt.key}` : '';
  const reason = `the router answered ${chosen.value.key}${instead}`;
  return { ok: true, value: decision(config, place, chosen.value, 'router', reason) };
}

function decision(
  config: LoopConfig,
  { iteration, role }: LoopPosition,
  prompt: Prompt,
  source: TurnChoice['source'],
  reason: string,
): TurnChoice {
  return { iteration, role, prompt, agent: agentFor(config.agents, role, prompt), source, reason };
}

/** The line that tells of a decision in logs. */
export function decisionLine({ iteration, role, prompt, source, reason }: TurnChoice): string {
  return `[router] iteration=${iteration} actor=${ACTORS[role]} prompt=${prompt.key} source=${source} reason=${reason}`;
}
