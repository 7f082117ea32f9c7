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

/** A loop that runs: its state, and what people may ask about it. */
export interface Loop {
  readonly id: string;
  /** Its id with its beginning: another loop may have the same id, later or elsewhere. */
  readonly identity: string;
  readonly config: LoopInput['config'];
  readonly env: LoopInput['env'];
  readonly queue: string;
  readonly base: { base_dir?: string };
  readonly lastIteration: number;
  readonly ledger: Ledger;
  /** What it is at. */
  readonly phase: Phase | undefined;
  state: LoopState;
  agentFor(prompt: Prompt): string;
  enter(phase: Phase, stepId: string, about?: { prompt: string; agent: string }): void;
  leave(): void;
  waitFor(what: string | undefined): void;
  warn(message: string): void;
  /** Counts what an agent has cost. */
  settle(facts: TurnFacts): void;
  /** Notes how a turn ended. */
  record(end: Pick<TurnRecord, 'status' | 'words'> & Partial<TurnRecord>): void;
  /** Notes the commit of the turn that has just ended. */
  noteCommit(commit: string): void;
  turnsAfter(seq: number): readonly TurnRecord[];
  view(status: LoopStatus, more?: { failure?: LoopFailure; stop_reason?: string }): LoopView;
  carry(): Carried;
}

/** Goes on with a loop where it was left. */
export function createLoop({ config, env, queue, base_dir, carried }: LoopInput): Loop {
  const { workflowId: id } = workflowInfo();
  let { state, next_seq } = carried;
  let turns = [...carried.turns];
  let at: { phase: Phase; step_id: string; prompt?: string; agent?: string } | undefined;
  let waits: string | undefined;
  const warnings: string[] = [];
  const ledger = createLedger(config.budget);
  ledger.settle(carried.used);

  return {
    id,
    identity: loopIdentity(id, carried.began_at),
    config,
    env,
    queue,
    base: defined({ base_dir }),
    lastIteration: carried.last_iteration,
    ledger,
    get phase() {
      return at?.phase;
    },
    get state() {
      return state;
    },
    set state(next) {
      state = next;
    },
    agentFor: (prompt) => agentFor(config.agents, state.role, prompt),
    enter(phase, stepId, about) {
      at = { phase, step_id: stepId, ...about };
    },
    leave() {
      at = undefined;
      waits = undefined;
    },
    waitFor(what) {
      waits = what;
    },
    warn,
    settle({ tokens, cost_usd = 0, wall_sec }) {
      for (const each of ledger.settle({ tokens, cost_usd, wall_sec })) warn(`the loop has used ${overrunText(each)}`);
    },
    record(end) {
      const { iteration, role, decision } = state;
      const ended: TurnRecord = {
        seq: next_seq,
        iteration,
        role,
        prompt: at?.prompt ?? decision?.prompt.key ?? config.prompts[role].key,
        agent: at?.agent ?? decision?.agent ?? '',
        decision: decision === undefined ? '' : `${decision.source}: ${decision.reason}`,
        ended_at: Date.now(),
        ...end,
        words: end.words.slice(0, WORDS_CHARS),
      };
      next_seq += 1;
      turns = [...turns, ended].slice(-MAX_RECORDS);
    },
    noteCommit(commit) {
      const last = turns.at(-1);
      if (last !== undefined && last.iteration === state.iteration && last.role === state.role) {
        turns = [...turns.slice(0, -1), { ...last, commit }];
      }
    },
    turnsAfter: (seq) => turns.filter((turn) => turn.seq > seq),
    view(status, more = {}) {
      const { iteration, role, decision } = state;
      const open = status === 'running' || status === 'stopping';
      return {
        loop_id: id,
        status,
        mode: config.mode,
        iteration,
        role,
        ...(open && at !== undefined ? at : {}),
        ...(decision === undefined ? {} : { decision: `${decision.source}: ${decision.reason}` }),
        ...(open && config.mode === 'role' ? { queue: `${queue}-${role}` } : {}),
        ...defined({ waits_for: waits }),
        last_iteration: carried.last_iteration,
        turns: state.turns,
        used: { ...ledger.used },
        warnings,
        last_seq: next_seq - 1,
        ...more,
        began_at: carried.began_at,
      };
    },
    carry: () => ({
      state,
      last_iteration: carried.last_iteration,
      used: { ...ledger.used },
      turns,
      next_seq,
      began_at: carried.began_at,
    }),
  };

  function warn(message: string): void {
    warnings.push(message.slice(0, WORDS_CHARS));
    warnings.splice(0, warnings.length - MAX_WARNINGS);
  }
}
