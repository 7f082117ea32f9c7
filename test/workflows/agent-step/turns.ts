import type { AgentTurn, TurnFacts } from '../../../src/contract/agent-turn.js';
import { success, taskOf, type HandRun } from '../../support/hand-run.js';
import { stepFailed } from '../../support/hand-temporal.js';

/** A step that an agent does. */
export const agent = (more: object = {}, step: object = {}): object => ({
  id: 'a',
  step_def: { type: 'agent', agent: 'codex', prompt: 'do it', ...more },
  ...step,
});

/** The turn that is asked for now. */
export function turn(run: HandRun): AgentTurn {
  return taskOf(run.temporal.the('runStep')).action as AgentTurn;
}

/** The account lets the agent begin. */
export async function allow(run: HandRun): Promise<void> {
  await run.temporal.the('askAccount').ends({ start_at: 0 });
}

/** What is known of a turn. */
export function facts(more: Partial<TurnFacts> = {}): TurnFacts {
  return { agent: 'codex', message: 'done', tokens: 10, wall_sec: 1, ...more };
}

/** A turn is over, and the agent has said something. */
export async function says(run: HandRun, more: Partial<TurnFacts> = {}): Promise<void> {
  await run.temporal.the('runStep').ends(success({ turn: facts({ verdict: 'pass', ...more }) }));
}

/** A turn is no answer. */
export async function breaks(run: HandRun, reason: string, more: Partial<TurnFacts> = {}): Promise<void> {
  await run.temporal.the('runStep').fails(stepFailed(reason, { reason, turn: facts({ message: '', ...more }) }));
}
