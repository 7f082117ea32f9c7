import type { AgentTurn, TurnPrompt } from '../../contract/agent-turn.js';
import type { AgentSession, Candidate } from '../../contract/carried-agent.js';
import type { AgentStepContext } from './context.js';
import { defined } from '../../basics/defined.js';

/** A turn as its activity gets it. @param tree the state of the files before the first one */
export function turnOf(
  context: AgentStepContext,
  candidate: Candidate,
  again: TurnPrompt['again'],
  going: AgentSession | undefined,
  tree: string | undefined,
): AgentTurn {
  const { action, id } = context;
  return {
    type: 'agent',
    ...candidate,
    settings: context.settings(candidate.agent),
    sandbox: action.sandbox,
    prompt: promptOf(context, again),
    ...defined({
      session: going?.id,
      session_tokens: going?.tokens,
      session_cost_usd: going?.cost_usd,
      output_schema: action.output_schema,
    }),
    stall_timeout_sec: action.stall_timeout_sec,
    limits: {},
    ...defined({ worktree: action.worktree }),
    owner_id: id,
    note_tree: action.review !== undefined || action.files.length > 0,
    ...defined({ tree }),
  };
}

/** What the agent is told. */
export function promptOf({ action, step, context }: AgentStepContext, again: TurnPrompt['again']): TurnPrompt {
  const { hint, plan_file } = action;
  return {
    title: action.title ?? step.name,
    text: action.prompt ?? action.prompt_text ?? '',
    ...defined({ hint, plan_file }),
    files: action.files,
    context,
    context_bytes: action.context?.max_bytes ?? 0,
    ...defined({ again }),
  };
}

/** A reviewer gives a verdict, not the answer that the task asks for. */
export function withoutSchema(turn: AgentTurn): AgentTurn {
  const { output_schema: _, ...rest } = turn;
  return rest;
}
