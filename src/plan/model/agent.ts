import type { Json, Timeout } from './values.js';

/** The coding agents that orch knows how to call; `generic` is any other command, `dispatch` a script that calls one. */
export const AGENT_ADAPTERS = ['codex', 'claude', 'gemini', 'opencode', 'generic', 'dispatch'] as const;

/** Those that a step may name without any settings. */
export const BUILT_IN_AGENTS = ['codex', 'claude', 'gemini', 'opencode'] as const;

/** The flags and events that an agent has. */
export type AgentAdapter = (typeof AGENT_ADAPTERS)[number];

/** What an agent may do without a person: look only, change files too, or all that its user may. */
export const AGENT_PERMISSIONS = ['read', 'edit', 'full'] as const;
export type AgentPermissions = (typeof AGENT_PERMISSIONS)[number];

/** How one agent is called, as a plan or a configuration file says. */
export interface AgentSettings {
  adapter?: AgentAdapter;
  command?: string;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  model?: string;
  tiers?: Readonly<Record<string, string>>;
  account?: string;
  permissions?: AgentPermissions;
  push?: 'allow' | 'deny';
  leftovers?: 'end' | 'keep';
  park?: boolean;
  prompt_via?: 'stdin' | 'file' | 'arg';
  events?: 'none' | 'json';
  resume_args?: readonly string[];
}

/** Limits of what agents may cost. A limit that is absent does not apply. */
export interface Budget {
  tokens?: number;
  cost_usd?: number;
  wall_sec?: number;
  /** Share of a limit from which on there are warnings. */
  soft: number;
}

/** A command that must pass before an agent's step has succeeded. */
export interface Gate {
  run: string;
  expect?: string;
  timeout_sec: number;
}

/** What another session looks at once the gates have passed. */
interface Review {
  agent?: string;
  tier?: string;
  model?: string;
  prompt?: string;
  criteria_file?: string;
  max_diff_lines: number;
}

/** A step that a coding agent does. */
export interface AgentAction {
  type: 'agent';
  agent: string;
  /** Templated; absent where the task is a file. */
  prompt?: string;
  /** As written; its content, put in by whoever started the run, is `prompt_text`. */
  prompt_file?: string;
  prompt_text?: string;
  tier?: string;
  model?: string;
  title?: string;
  hint?: string;
  plan_file?: string;
  files: readonly string[];
  /** Absent: the prompt tells nothing of other steps. Without `steps`, of those that the step depends on. */
  context?: { steps?: readonly string[]; max_bytes: number };
  stall_timeout_sec: Timeout;
  session: 'auto' | 'fresh' | { from: string };
  output_schema?: Readonly<Record<string, Json>>;
  verify: readonly Gate[];
  review?: Review;
  max_fix_rounds: number;
  budget?: Budget;
  fallback_agents: readonly string[];
  /** Absent: it works in the step's folder, with all others. */
  worktree?: { branch?: string; base?: string; submodules?: boolean; sign?: boolean };
  sandbox: 'read-only' | 'workspace-write';
  answer_timeout_sec: Timeout;
}
