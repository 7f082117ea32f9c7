import type { AgentSession } from '../../contract/carried-agent.js';
import type { ContextEntry } from '../../contract/agent-turn.js';
import type { AgentSummary, Program, RunState } from '../../engine/index.js';
import type { AgentAction } from '../../plan/model/agent.js';
import type { AgentStepContext } from './context.js';
import { defined } from '../../basics/defined.js';

/** What an agent's step takes over from steps before it: a session, and what its prompt tells of them. */
export function earlierWork(
  program: Program,
  state: RunState,
  index: number,
  { session, context }: AgentAction,
): Pick<AgentStepContext, 'context'> & { session?: AgentSession } {
  const { graph } = program;
  const named = context?.steps?.map((id) => graph.index.get(id)!) ?? graph.dependencies[index]!;
  // In the plan's order, whatever the order of edges.
  const steps = context === undefined ? [] : [...new Set(named)].sort((a, b) => a - b);
  const from = typeof session === 'object' ? state.steps[graph.index.get(session.from)!]?.report?.agent : undefined;
  return {
    context: entriesOf(program, state, steps, new Set()),
    ...(from?.session_id === undefined ? {} : { session: sessionOf(from.session_id, from) }),
  };
}

function sessionOf(id: string, { name, session_tokens, session_cost_usd }: AgentSummary): AgentSession {
  return {
    id,
    agent: name,
    ...defined({ tokens: session_tokens, cost_usd: session_cost_usd }),
  };
}

/** A step without work of its own, where branches meet, stands for those before it. */
function entriesOf(program: Program, state: RunState, steps: readonly number[], seen: Set<number>): ContextEntry[] {
  const { plan, graph } = program;
  return steps.flatMap((index) => {
    if (seen.has(index)) return [];
    seen.add(index);
    if (plan.steps[index]!.action.type !== 'noop') return entryOf(program, state, index);
    return entriesOf(
      program,
      state,
      graph.dependencies[index]!.toSorted((a, b) => a - b),
      seen,
    );
  });
}

function entryOf({ plan }: Program, state: RunState, index: number): ContextEntry[] {
  const { status, report } = state.steps[index]!;
  if (status !== 'success' && status !== 'warning') return [];
  const { id, name, action } = plan.steps[index]!;
  const { agent } = report ?? {};
  return [
    {
      id,
      title: action.type === 'agent' ? (action.title ?? name) : name,
      status: status === 'success' ? 'pass' : 'warn',
      ...defined({ verdict: agent?.verdict }),
      text: agent?.message ?? report?.stdout_tail ?? '',
    },
  ];
}
