import type { TurnProgress } from '../../agents/index.js';
import type { AgentTurn, TurnFacts } from '../../contract/agent-turn.js';
import { defined } from '../../basics/defined.js';

type Before = Pick<AgentTurn, 'session_tokens' | 'session_cost_usd'>;

/** What a turn has used, and what its session has come to, where the agent counts that. */
export function usageOf(
  { inputTokens, outputTokens, costUsd, ofSession }: TurnProgress,
  before: Before,
): Pick<TurnFacts, 'tokens' | 'cost_usd' | 'session_tokens' | 'session_cost_usd'> {
  const tokens = inputTokens + outputTokens;
  if (!ofSession) return { tokens, ...defined({ cost_usd: costUsd }) };
  return {
    tokens: since(tokens, before.session_tokens),
    session_tokens: tokens === 0 ? (before.session_tokens ?? 0) : tokens,
    ...(costUsd === undefined
      ? {}
      : {
          cost_usd: since(costUsd, before.session_cost_usd),
          session_cost_usd: costUsd === 0 ? (before.session_cost_usd ?? 0) : costUsd,
        }),
  };
}

/** A count that is lower than before has begun anew. */
function since(now: number, before = 0): number {
  return now >= before ? now - before : now;
}
