import { workflowInfo } from '@temporalio/workflow';
import type { TurnFacts } from '../../contract/agent-turn.js';
import { agentFor } from '../../loop/agents.js';
import type { Prompt } from '../../loop/prompts.js';
import { loopIdentity } from '../../loop/state-file.js';
import type { LoopState } from '../../loop/turns.js';
import { createLedger, overrunText, type Ledger } from '../agent-step/ledger.js';
import type {
  Carried,
  LoopFailure,
  LoopInput,
  LoopStatus,
  LoopView,
  TurnRecord,
} from '../../contract/loop-messages.js';
import { defined } from '../../basics/defined.js';

/** Records of turns that go along, and warnings. */
const MAX_RECORDS = 100;
const MAX_WARNINGS = 20;
const WORDS_CHARS = 300;

type Phase = LoopFailure['phase'];

/** A loop that runs: its state, and what people may ask about it. It goes on where it was left. */
export class Loop {
  readonly id = workflowInfo().workflowId;
  /** Its id with its beginning: another loop may have the same id, later or elsewhere. */
  readonly identity: string;
  readonly config: LoopInput['config'];
  readonly env: LoopInput['env'];
  readonly queue: string;
  readonly base: { base_dir?: string };
  readonly lastIteration: number;
  readonly ledger: Ledger;
  state: LoopState;
  private readonly beganAt: Carried['began_at'];
  private readonly warnings: string[] = [];
  private turns: readonly TurnRecord[];
  private nextSeq: number;
  private at: { phase: Phase; step_id: string; prompt?: string; agent?: string } | undefined;
  private waits: string | undefined;

  constructor({ config, env, queue, base_dir, carried }: LoopInput) {
    this.identity = loopIdentity(this.id, carried.began_at);
    this.config = config;
    this.env = env;
    this.queue = queue;
    this.base = defined({ base_dir });
    this.lastIteration = carried.last_iteration;
    this.ledger = createLedger(config.budget);
    this.ledger.settle(carried.used);
    this.state = carried.state;
    this.beganAt = carried.began_at;
    this.turns = [...carried.turns];
    this.nextSeq = carried.next_seq;
  }

  /** What it is at. */
  get phase(): Phase | undefined {
    return this.at?.phase;
  }

  agentFor(prompt: Prompt): string {
    return agentFor(this.config.agents, this.state.role, prompt);
  }

  enter(phase: Phase, stepId: string, about?: { prompt: string; agent: string }): void {
    this.at = { phase, step_id: stepId, ...about };
  }

  leave(): void {
    this.at = undefined;
    this.waits = undefined;
  }

  waitFor(what: string | undefined): void {
    this.waits = what;
  }

  warn(message: string): void {
    this.warnings.push(message.slice(0, WORDS_CHARS));
    this.warnings.splice(0, this.warnings.length - MAX_WARNINGS);
  }

  /** Counts what an agent has cost. */
  settle({ tokens, cost_usd = 0, wall_sec }: TurnFacts): void {
    const overruns = this.ledger.settle({ tokens, cost_usd, wall_sec });
    for (const each of overruns) this.warn(`the loop has used ${overrunText(each)}`);
  }

  /** Notes how a turn ended. */
  record(end: Pick<TurnRecord, 'status' | 'words'> & Partial<TurnRecord>): void {
    const { at, config } = this;
    const { iteration, role, decision } = this.state;
    const ended: TurnRecord = {
      seq: this.nextSeq,
      iteration,
      role,
      prompt: at?.prompt ?? decision?.prompt.key ?? config.prompts[role].key,
      agent: at?.agent ?? decision?.agent ?? '',
      decision: decisionText(decision) ?? '',
      ended_at: Date.now(),
      ...end,
      words: end.words.slice(0, WORDS_CHARS),
    };
    this.nextSeq += 1;
    this.turns = [...this.turns, ended].slice(-MAX_RECORDS);
  }

  /** Notes the commit of the turn that has just ended. */
  noteCommit(commit: string): void {
    const { iteration, role } = this.state;
    const last = this.turns.at(-1);
    if (last === undefined || last.iteration !== iteration || last.role !== role) return;
    this.turns = [...this.turns.slice(0, -1), { ...last, commit }];
  }

  turnsAfter(seq: number): readonly TurnRecord[] {
    return this.turns.filter((turn) => turn.seq > seq);
  }

  view(status: LoopStatus, more: { failure?: LoopFailure; stop_reason?: string } = {}): LoopView {
    const { at, config, queue } = this;
    const { iteration, role, decision, turns } = this.state;
    const open = status === 'running' || status === 'stopping';
    return {
      loop_id: this.id,
      status,
      mode: config.mode,
      iteration,
      role,
      ...(open && at !== undefined ? at : {}),
      ...defined({ decision: decisionText(decision) }),
      ...(open && config.mode === 'role' ? { queue: `${queue}-${role}` } : {}),
      ...defined({ waits_for: this.waits }),
      last_iteration: this.lastIteration,
      turns,
      used: { ...this.ledger.used },
      warnings: this.warnings,
      last_seq: this.nextSeq - 1,
      ...more,
      began_at: this.beganAt,
    };
  }

  /** What a new run of it goes on with. */
  carry(): Carried {
    return {
      state: this.state,
      last_iteration: this.lastIteration,
      used: { ...this.ledger.used },
      turns: this.turns,
      next_seq: this.nextSeq,
      began_at: this.beganAt,
    };
  }
}

function decisionText(decision: LoopState['decision']): string | undefined {
  return decision === undefined ? undefined : `${decision.source}: ${decision.reason}`;
}
