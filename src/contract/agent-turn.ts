import type { AgentSettings, Gate } from '../plan/model/agent.js';
import type { Json, Timeout } from '../plan/model/values.js';
import type { TurnFaultKind, Verdict } from '../plan/model/turn-end.js';

/** How a gate ended that did not let the step pass. */
export interface GateFailure {
  gate: Gate;
  /** What it should have done and did not, in words. */
  message: string;
  stdout_tail: string;
  stderr_tail: string;
  /** Where its whole output is, on the host that ran it. */
  log_dir?: string;
}

/** A step that came before, as the prompt tells of it. */
export interface ContextEntry {
  id: string;
  title: string;
  status: string;
  verdict?: string;
  /** What it said or printed last. */
  text: string;
}

/** What an agent is told in one turn. The whole task goes along every time: a session may be gone. */
export interface TurnPrompt {
  title: string;
  /** Templates are filled in. */
  text: string;
  hint?: string;
  plan_file?: string;
  files: readonly string[];
  context: readonly ContextEntry[];
  context_bytes: number;
  /** Why there is another turn; absent in the first one. */
  again?:
    | { kind: 'resume'; reason: string }
    | { kind: 'fix'; gates: readonly GateFailure[]; review?: string; words?: string }
    | { kind: 'answer'; text: string };
  /** Set for a turn in which another session looks at the change. */
  review?: {
    prompt?: string;
    criteria_file?: string;
    max_diff_lines: number;
    /** State of the tree when the step began. */
    since?: string;
    gates: readonly { run: string; message: string }[];
  };
}

/** One turn of a coding agent. */
export interface AgentTurn {
  type: 'agent';
  agent: string;
  settings: AgentSettings;
  tier?: string;
  model?: string;
  sandbox: 'read-only' | 'workspace-write';
  prompt: TurnPrompt;
  /** The session to go on with. */
  session?: string;
  /** What that session has used before, where the agent counts on. */
  session_tokens?: number;
  session_cost_usd?: number;
  output_schema?: Readonly<Record<string, Json>>;
  stall_timeout_sec: Timeout;
  /** A verdict of failure speaks of what the agent has looked at, and does not fail its turn. */
  verdict_of_work?: true;
  /** File, absolute, by whose change the agent says that its turn is over. */
  completion_marker?: string;
  /** What the turn may cost at most. */
  limits: { tokens?: number; cost_usd?: number; wall_sec?: number };
  /** Its own worktree; made where it is missing. */
  worktree?: { branch?: string; base?: string; submodules?: boolean; sign?: boolean };
  /** The step whose worktree and files these are: a review works in the tree of its step. */
  owner_id: string;
  /** Whether the state of the tree before the turn is wanted. */
  note_tree: boolean;
  /** The state of the tree when the step began, from an earlier turn. */
  tree?: string;
}

/** What a person says to an agent's step that waits for one. */
export type PersonsAnswer =
  | { kind: 'answer'; text: string; by?: string }
  | { kind: 'approve' | 'reject'; comment?: string; by?: string }
  | { kind: 'retry'; by?: string };

/** What is known of an agent's turn that has ended, however it ended. */
export interface TurnFacts {
  agent: string;
  verdict?: Verdict;
  /** Where the verdict comes from, or what goes with it: the text of a question. */
  note?: string;
  /** Its last words, at most 8 KiB. */
  message: string;
  session_id?: string;
  tokens: number;
  cost_usd?: number;
  /** What the whole session has used, where the agent counts that. */
  session_tokens?: number;
  session_cost_usd?: number;
  wall_sec: number;
  /** State of the tree when the step began. */
  tree?: string;
  worktree?: string;
  branch?: string;
  structured?: Json;
  /** Where its session and its files are, where workers have state folders of their own. */
  state_host?: string;
  failure?: TurnFault;
}

/** Why a turn is no answer. */
interface TurnFault {
  kind: TurnFaultKind;
  /** When the quota is there again, milliseconds since the epoch. */
  reset_at?: number;
}
