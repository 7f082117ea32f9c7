import type { TurnFacts } from '../../contract/agent-turn.js';
import type { StepTask } from '../../contract/step-task.js';
import type { AgentProgress, AgentSession } from '../../contract/carried-agent.js';
import type { PieceReport } from './context.js';
import { defined } from '../../basics/defined.js';

/** What is known of a turn and of no use on another host. */
const BOUND_TO_HOST = ['state_host', 'worktree', 'session_id', 'session_tokens', 'session_cost_usd'] as const;

/** What the turns of a step's own agent leave for the next one. */
export class TurnMemory {
  constructor(private readonly progress: AgentProgress) {}

  /** The last turn. */
  get last(): TurnFacts | undefined {
    return this.progress.last;
  }

  /** The session that an agent can go on with. */
  sessionOf(agent: string): AgentSession | undefined {
    const { session } = this.progress;
    return session?.agent === agent ? session : undefined;
  }

  /** Sessions and worktrees are on one host: what comes after the first turn goes there too. */
  home(): Pick<StepTask, 'carried'> {
    const host = this.last?.state_host;
    return host === undefined ? {} : { carried: { failures: 0, first_started_at: Date.now(), host } };
  }

  /** The host is gone, and with it the session and what was not committed. */
  leaveHome(): void {
    this.endSession();
    if (this.last === undefined) return;
    const rest = { ...this.last };
    for (const key of BOUND_TO_HOST) delete rest[key];
    this.progress.last = rest;
  }

  endSession(): void {
    delete this.progress.session;
  }

  learn({ turn }: PieceReport): void {
    if (turn === undefined) return;
    this.progress.last = { ...this.last, ...turn };
    if (turn.session_id === undefined) return;
    this.progress.session = {
      id: turn.session_id,
      agent: turn.agent,
      ...defined({ tokens: turn.session_tokens, cost_usd: turn.session_cost_usd }),
    };
  }
}
