import type { TurnFacts } from '../../contract/agent-turn.js';
import type { StepTask } from '../../contract/step-task.js';
import type { AgentSession, PieceReport } from './context.js';
import { defined } from '../../basics/defined.js';

/** What is known of a turn and of no use on another host. */
const BOUND_TO_HOST = ['state_host', 'worktree', 'session_id', 'session_tokens', 'session_cost_usd'] as const;

/** What the turns of a step's own agent leave for the next one. */
export class TurnMemory {
  private known: TurnFacts | undefined;

  constructor(private session: AgentSession | undefined) {}

  /** The last turn. */
  get last(): TurnFacts | undefined {
    return this.known;
  }

  /** The session that an agent can go on with. */
  sessionOf(agent: string): AgentSession | undefined {
    return this.session?.agent === agent ? this.session : undefined;
  }

  /** Sessions and worktrees are on one host: what comes after the first turn goes there too. */
  home(): Pick<StepTask, 'carried'> {
    const host = this.known?.state_host;
    return host === undefined ? {} : { carried: { failures: 0, first_started_at: Date.now(), host } };
  }

  /** The host is gone, and with it the session and what was not committed. */
  leaveHome(): void {
    this.session = undefined;
    if (this.known === undefined) return;
    const rest = { ...this.known };
    for (const key of BOUND_TO_HOST) delete rest[key];
    this.known = rest;
  }

  endSession(): void {
    this.session = undefined;
  }

  learn({ turn }: PieceReport): void {
    if (turn === undefined) return;
    this.known = { ...this.known, ...turn };
    if (turn.session_id === undefined) return;
    this.session = {
      id: turn.session_id,
      agent: turn.agent,
      ...defined({ tokens: turn.session_tokens, cost_usd: turn.session_cost_usd }),
    };
  }
}
