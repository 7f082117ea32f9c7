import type { AgentSettings } from '../plan/model/agent.js';
import type { StateFields } from '../loop/state-file.js';
import type { GitSettings } from '../loop/types.js';
import type { Timeout } from '../plan/model/values.js';
import type { StepHeartbeat, StepSuccess } from './step-task.js';

/** One turn of a loop: a prompt that an agent runs. */
export interface TurnTask {
  /** Workflow id of the loop. */
  run_id: string;
  /** Name of the turn, unique in the loop. */
  step_id: string;
  attempts_before: number;
  /** Folder of the configuration; absent where each worker has its own. */
  base_dir?: string;
  env: Readonly<Record<string, string>>;
  /** Counted from the folder of the configuration; read when the turn begins. */
  prompt_file: string;
  title: string;
  /** The agent; where there are several, the first whose program is there. */
  agents: readonly { name: string; settings: AgentSettings }[];
  timeout_sec: Timeout;
  stall_timeout_sec: Timeout;
  limits: { tokens?: number; cost_usd?: number; wall_sec?: number };
  /** The session to go on with, after a quota that ended in the middle. */
  session?: string;
  /** What that session has used before, where the agent counts on. */
  session_tokens?: number;
  session_cost_usd?: number;
  /** Why the prompt was begun before, in another session than this turn's. */
  begun?: string;
  /** Lines for the log of the loop. */
  log: readonly string[];
  /** Where the state of the loop is written down for others, and what; absent where nobody reads it. */
  state?: StateTask & {
    running: StateFields;
    done: StateFields;
  };
  /** The only branch that the turn may be taken on, where no repository is synchronised. */
  branch?: string;
  /** The agent's verdict of failure speaks of the work that it looked at, and not of its turn. */
  verdict_of_work?: true;
  /** File by whose change the agent says that its turn is over. */
  completion_marker?: string;
  /** What is known of a turn that was sent on to the host where its process is. */
  carried?: Pick<StepHeartbeat, 'failures' | 'first_started_at' | 'failed_attempts' | 'host'>;
}

/** What is written into a state file where a turn fails. */
export interface StateTask {
  file: string;
  failed: StateFields;
  commit?: 'galph_commit' | 'ralph_commit';
  /** The loop, with its beginning. */
  loop?: string;
  /** How far it is: a file of another loop that is further is not written over. Absent where it is to be. */
  turns?: number;
}

/** A failure of a loop that its state file is to say. */
export interface StateNote {
  base_dir?: string;
  state: StateTask;
}

/** A turn that went well. */
export interface TurnSuccess extends StepSuccess {
  /** Set where the state file asks the loop to stop, with the reason. */
  exit_requested?: string;
}

/** What is to be synchronised with the shared repository. */
export interface SyncTask {
  run_id: string;
  /** The turn that it belongs to. */
  step_id: string;
  base_dir?: string;
  git: GitSettings;
  /** Whether there may be no remote: then it is committed here, and what no rule covers is only told. */
  may_be_local?: true;
  /** `before`: takes over what others have done; `after`: hands on what the turn has made. */
  when: 'before' | 'after';
  /** First line of the commit, without its kind. */
  subject: string;
}

/** What became of it. */
export interface SyncReport {
  /** Short id of the commit that was made, or was there already. */
  commit?: string;
  /** Whether anything was sent. */
  pushed: boolean;
  /** With `dry_run`: what would have been committed. */
  would_commit?: readonly string[];
  /** Dirty files that were left alone, with the reason; only where that is allowed. */
  left: readonly string[];
}
