import type { AgentSettings, Budget } from '../plan/model/agent.js';
import type { Timeout } from '../plan/model/values.js';
import type { Prompt } from './prompts.js';
import type { Role } from './roles.js';
import type { VerdictTurns } from './workflow-names.js';
import type { RouterMode } from './router-modes.js';

/** A loop as its workflow knows it: every knob has its value. */
export interface LoopConfig {
  /** Counted from the folder of the configuration. */
  prompts_dir: string;
  prompts: Record<Role, Prompt>;
  reviewer: Prompt;
  /** Prompts that a router may choose. */
  allowlist: readonly Prompt[];
  router: { mode: 'off' | RouterMode; prompt?: Prompt; applies_to: 'first' | 'all' };
  /** Every so many iterations one turn is the reviewer's; 0 means never. */
  review_every_n: number;
  agents: AgentChoice & { settings: Readonly<Record<string, AgentSettings>> };
  mode: 'combined' | 'role';
  /** Iterations that one start makes at most. */
  max_iterations: number;
  /** It waits for a person after each turn. */
  pause_between_turns: boolean;
  /** Limits of one turn of an agent, in seconds. */
  timeout_sec: Timeout;
  stall_timeout_sec: Timeout;
  /** What all agents of the loop may cost. */
  budget?: Budget;
  /** Where its state is written down for others, counted from the folder of the configuration. */
  state_file?: string;
  /** The role whose turn a loop begins with; default the supervisor. */
  start_role?: Role;
  /** File by whose change an agent says that its turn is over. */
  completion_marker?: string;
  /** Whose verdict of failure ends the loop; absent in loops that were begun before there was a choice: all. */
  verdicts?: VerdictTurns;
  /** The only branch that a loop without `git` works on. */
  branch?: string;
  git?: GitSettings;
}

/** Which agent runs which prompt. */
export interface AgentChoice {
  default: string;
  /** Given on the command line: over what the file says. */
  cli_prompts: Readonly<Record<string, string>>;
  cli_roles: Readonly<Partial<Record<Role, string>>>;
  prompts: Readonly<Record<string, string>>;
  roles: Readonly<Partial<Record<Role, string>>>;
  /** What each of the older runners had as its default. */
  role_defaults?: Readonly<Partial<Record<Role, string>>>;
}

/** How turns go to a shared repository. */
export interface GitSettings {
  remote: string;
  /** The only branch that the loop works on; absent: the one that is checked out. */
  branch?: string;
  /** What happens where files are dirty that no rule covers: the loop stops, or goes on and says so. */
  dirty: 'refuse' | 'warn';
  /** Reports are committed although git is told to pass them over. */
  force_add_reports?: true;
  /** Says what a turn's commit would hold, and neither commits nor pushes. */
  dry_run?: true;
  rules: PublishRules;
}

/** Which dirty files are committed after a turn. Globs and sizes; what no rule covers is left alone. */
export interface PublishRules {
  docs: { globs: readonly string[]; max_file_bytes: number };
  reports: FileRule & { skip: readonly string[] };
  outputs: FileRule;
}

export interface FileRule {
  globs: readonly string[];
  /** With their dots, in lower case. */
  extensions: readonly string[];
  max_file_bytes: number;
  max_total_bytes: number;
}
