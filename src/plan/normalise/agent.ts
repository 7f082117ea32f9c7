import type { AgentAction, AgentSettings, Budget } from '../model/agent.js';
import type { Json } from '../model/values.js';
import { given } from './omit-absent.js';
import type { SourceAgentDef, SourceAgentSettings, SourceBudget } from '../schema/agent.js';

const DEFAULT_CONTEXT_BYTES = 32 * 1024;
const DEFAULT_GATE_TIMEOUT_SEC = 600;
const DEFAULT_DIFF_LINES = 600;
const DEFAULT_FIX_ROUNDS = 2;
const DEFAULT_SOFT = 0.8;

/** What a coding agent does, with all defaults filled in. */
export function agentAction(def: SourceAgentDef): AgentAction {
  const { prompt, prompt_file, prompt_text, tier, model, title, hint, plan_file, output_schema } = def;
  return {
    type: 'agent',
    agent: def.agent,
    ...given({ prompt, prompt_file, prompt_text, tier, model, title, hint, plan_file }),
    files: def.files ?? [],
    ...given({ context: contextOf(def.context) }),
    stall_timeout_sec: def.stall_timeout_sec ?? 'none',
    session: def.session ?? 'auto',
    ...given({ output_schema: output_schema as Readonly<Record<string, Json>> | null | undefined }),
    verify: (def.verify ?? []).map(({ run, expect, timeout_sec }) => ({
      run,
      ...given({ expect }),
      timeout_sec: timeout_sec ?? DEFAULT_GATE_TIMEOUT_SEC,
    })),
    ...given({ review: reviewOf(def.review) }),
    max_fix_rounds: def.max_fix_rounds ?? DEFAULT_FIX_ROUNDS,
    ...given({ budget: budgetOf(def.budget) }),
    fallback_agents: def.fallback_agents ?? [],
    ...given({ worktree: worktreeOf(def.worktree) }),
    sandbox: def.sandbox ?? 'workspace-write',
    answer_timeout_sec: def.answer_timeout_sec ?? 'none',
  };
}

/** Limits, where there are any. */
export function budgetOf(source: SourceBudget | null | undefined): Budget | undefined {
  if (source === undefined || source === null) return undefined;
  const { tokens, cost_usd, wall_sec, soft } = source;
  return { ...given({ tokens, cost_usd, wall_sec }), soft: soft ?? DEFAULT_SOFT };
}

/** Settings of agents by name, with what is absent left out. */
export function agentsOf(source: Readonly<Record<string, SourceAgentSettings>>): Record<string, AgentSettings> {
  return Object.fromEntries(Object.entries(source).map(([name, settings]) => [name, given(settings)]));
}

function contextOf(source: SourceAgentDef['context']): AgentAction['context'] {
  if (source === undefined || source === null || source === false) return undefined;
  if (source === true) return { max_bytes: DEFAULT_CONTEXT_BYTES };
  return { ...given({ steps: source.steps }), max_bytes: source.max_bytes ?? DEFAULT_CONTEXT_BYTES };
}

function reviewOf(source: SourceAgentDef['review']): AgentAction['review'] {
  if (source === undefined || source === null || source === false) return undefined;
  if (source === true) return { max_diff_lines: DEFAULT_DIFF_LINES };
  const { agent, tier, model, prompt, criteria_file, max_diff_lines } = source;
  return {
    ...given({ agent, tier, model, prompt, criteria_file }),
    max_diff_lines: max_diff_lines ?? DEFAULT_DIFF_LINES,
  };
}

function worktreeOf(source: SourceAgentDef['worktree']): AgentAction['worktree'] {
  if (source === undefined || source === null || source === false) return undefined;
  if (source === true) return {};
  const { branch, base, submodules, sign } = source;
  return given({ branch, base, submodules, sign });
}
