import { patched, proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import type { AgentTurn, TurnFacts, TurnPrompt } from '../../contract/agent-turn.js';
import type { StepTask } from '../../contract/step-task.js';
import type { FailedAttempt, StepReport } from '../../engine/index.js';
import { accountOf } from '../../plan/check/agent-names.js';
import { isRetried, retryDelaySec } from '../../plan/model/retry-policy.js';
import type { AgentSession, AgentStepContext, PieceReport } from './context.js';
import { createLedger, overrunText, smaller, type Ledger, type Limits, type Usage } from './ledger.js';

/** Failed attempts that travel along with a step, and characters of the message of each. */
const MAX_ATTEMPTS = 50;
const MESSAGE_CHARS = 200;
/** What is known of a turn and of no use on another host. */
const BOUND_TO_HOST = ['state_host', 'worktree', 'session_id', 'session_tokens', 'session_cost_usd'] as const;
/** After so many waits for one turn something else is wrong than a quota. */
const MAX_PARKS = 1_000;

const activities = proxyActivities<Pick<Activities, 'askAccount'>>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
});

/** The turns of an agent's step. */
export interface Turns {
  readonly context: AgentStepContext;
  /** Turns of the step's own agent that were executions, those that failed among them. */
  readonly count: number;
  fixRounds: number;
  /** The last turn of the step's own agent. */
  readonly last: TurnFacts | undefined;
  readonly used: Usage;
  /** Whether any agent told what it cost. */
  readonly costKnown: boolean;
  /** Lets the step's agent work, as often as losses, quotas and retries ask for. */
  work(again: TurnPrompt['again']): Promise<WorkedTurn>;
  /** Lets another session look at the change. */
  review(review: NonNullable<TurnPrompt['review']>): Promise<WorkedTurn>;
  /** Gives back what was set aside of the run's budget. */
  close(): void;
}

/** A turn that has a verdict, or the end of the step. */
export type WorkedTurn =
  | { answered: true; report: StepReport; turn: TurnFacts }
  | { answered: false; report: PieceReport };

interface Candidate {
  agent: string;
  tier?: string;
  model?: string;
}

/** Makes the turns of one step. */
export function createTurns(context: AgentStepContext): Turns {
  const { action, step, id, attempts } = context;
  const ledger = createLedger(action.budget);
  const { soft: _, ...reservation } = action.budget ?? { soft: 1 };
  let reserved = false;
  let last: TurnFacts | undefined;
  let session = context.session;
  let costKnown = false;
  let losses = 0;
  let failures = 0;

  return {
    context,
    get count() {
      return attempts.count;
    },
    fixRounds: 0,
    get last() {
      return last;
    },
    used: ledger.used,
    get costKnown() {
      return costKnown;
    },
    work,
    review,
    close() {
      if (reserved) context.runLedger.release(left(reservation, ledger));
    },
  };

  async function work(first: TurnPrompt['again']): Promise<WorkedTurn> {
    let again = first;
    let renewed = false;
    const candidates = [
      { agent: action.agent, ...tierOf(action) },
      ...action.fallback_agents.map((agent): Candidate => ({ agent, ...(action.tier && { tier: action.tier }) })),
    ];
    for (;;) {
      const report = await whenAllowed(candidates, (candidate) => {
        const going = action.session !== 'fresh' && session?.agent === candidate.agent ? session : undefined;
        return turnOf(candidate, again ?? afterQuota(candidate), going);
      });
      if (report.status === 'canceled' || report.reason === 'budget_exceeded') return failed(report);
      if (report.reason === 'lost' || report.reason === 'wrong_host') {
        losses += 1;
        if (report.reason === 'wrong_host') leaveHome();
        if (step.run_once || losses > context.maxLost) {
          attempts.count += 1;
          return failed(report);
        }
        again = again ?? interrupted('you were interrupted');
        continue;
      }
      if (isSessionOver(report) && !renewed && !step.run_once && patched('fresh-session')) {
        // Nobody's fault: it costs no attempt. What comes of a session that is no better is.
        renewed = true;
        session = undefined;
        again = again ?? interrupted('your session could not go on');
        continue;
      }
      attempts.count += 1;
      if (report.status !== 'failed' && report.turn !== undefined) {
        return answered(report, report.turn);
      }
      failures += 1;
      note(report);
      // A session that does not go on is none to go on with.
      if (isSessionOver(report)) session = undefined;
      if (failures > step.retry.retries || !isRetried(step.retry, { ...report, reason: report.reason ?? '' })) {
        return failed(report);
      }
      const delay = Math.max(retryDelaySec(step.retry, failures), 0);
      if (delay > 0) await sleep(delay * 1000);
      again = again ?? interrupted(report.message ?? String(report.reason));
    }
  }

  /** What an agent is told of what was begun before a quota ended: its own work, or that of another one. */
  function afterQuota({ agent }: Candidate): TurnPrompt['again'] {
    if (last === undefined) return undefined;
    return interrupted(last.agent === agent ? 'your quota had ended' : `the quota of '${last.agent}' had ended`);
  }

  async function review(wanted: NonNullable<TurnPrompt['review']>): Promise<WorkedTurn> {
    const { agent = action.agent, ...rest } = action.review ?? {};
    const candidates = [{ agent, ...(agent === action.agent && tierOf(action)), ...tierOf(rest) }];
    let lost = 0;
    let tries = 0;
    for (;;) {
      const report = await whenAllowed(
        candidates,
        (candidate) => ({
          ...withoutSchema(turnOf(candidate, undefined, undefined)),
          sandbox: 'read-only',
          note_tree: false,
          prompt: { ...promptOf(undefined), review: wanted },
        }),
        `${id}~review`,
      );
      if (report.status !== 'failed' && report.turn !== undefined) {
        return answered(report, report.turn);
      }
      if (report.status === 'canceled' || report.reason === 'budget_exceeded') return failed(report);
      // A reviewer that says "fail" has answered.
      if (report.reason === 'verdict' && report.turn !== undefined) return answered(report, report.turn);
      const wasLost = report.reason === 'lost' || report.reason === 'wrong_host';
      lost += wasLost ? 1 : 0;
      tries += wasLost ? 0 : 1;
      if (lost > context.maxLost || tries > step.retry.retries) return failed(report);
    }
  }

  /** Runs a turn once there is budget and quota for it; a quota that ends in the middle of it is waited for. */
  async function whenAllowed(
    candidates: readonly Candidate[],
    turnFor: (candidate: Candidate) => AgentTurn,
    logId = id,
  ): Promise<PieceReport> {
    for (let parks = 0; parks < MAX_PARKS; parks += 1) {
      const broke = await budgetFor();
      if (broke !== undefined) return broke;
      const candidate = await withQuota(candidates);
      const turn = turnFor(candidate);
      const number = (context.numbers.get(logId) ?? (logId === id ? context.attemptsBefore : 0)) + 1;
      context.numbers.set(logId, number);
      const limits = smaller(ledger.left(), context.runLedger.left(reserved ? left(reservation, ledger) : {}));
      const report = await context.execute(step, {
        ...context.task(logId, number - 1),
        ...homeOf(),
        action: { ...turn, limits },
        // One that is lost is not started again as it was: it goes on with its session.
        run_once: true,
      });
      settle(report);
      if (logId === id) learn(report);
      const fault = report.turn?.failure;
      if (fault?.kind !== 'quota' || turn.settings.park === false || report.status === 'canceled') return report;
      await tellQuota(candidate, number, fault.reset_at);
    }
    const message = `QuotaError: it waited ${MAX_PARKS} times for its quota`;
    return { status: 'failed', reason: 'quota', message, attempts: 0 };
  }

  /** Sessions and work trees are on one host: what comes after the first turn goes there too. */
  function homeOf(): { carried?: StepTask['carried'] } {
    const host = last?.state_host;
    return host === undefined ? {} : { carried: { failures: 0, first_started_at: Date.now(), host } };
  }

  /** The host is gone, and with it the session and what was not committed. */
  function leaveHome(): void {
    session = undefined;
    if (last === undefined) return;
    const rest = { ...last };
    for (const key of BOUND_TO_HOST) delete rest[key];
    last = rest;
  }

  /** What a turn of the step's own agent leaves for the next one. */
  function learn({ turn }: PieceReport): void {
    if (turn === undefined) return;
    if (last === undefined) tellOtherBranch(turn);
    last = { ...last, ...turn };
    if (turn.session_id === undefined) return;
    session = {
      id: turn.session_id,
      agent: turn.agent,
      ...(turn.session_tokens === undefined ? {} : { tokens: turn.session_tokens }),
      ...(turn.session_cost_usd === undefined ? {} : { cost_usd: turn.session_cost_usd }),
    };
  }

  /** A branch of the repository may have the name that orch's own ones begin with. */
  function tellOtherBranch({ branch }: TurnFacts): void {
    if (branch === undefined || action.worktree?.branch !== undefined || branch.startsWith('orch/')) return;
    context.warn(`a branch 'orch' leaves no room for branches orch/…, so its branch is '${branch}'`);
  }

  /** The first agent whose account is not waited for; where all are, the one that may start first, after its wait. */
  async function withQuota(candidates: readonly Candidate[]): Promise<Candidate> {
    for (;;) {
      let soonest: { candidate: Candidate; at: number; account: string } | undefined;
      for (const candidate of candidates) {
        const settings = context.settings(candidate.agent);
        if (settings.park === false) return candidate;
        const account = accountOf(candidate.agent, settings);
        const { start_at: at } = await ask(account);
        if (at <= Date.now()) return candidate;
        if (soonest === undefined || at < soonest.at) soonest = { candidate, at, account };
      }
      const { at: until, account } = soonest!;
      const message = `the agents of account '${account}' are out of quota until ${new Date(until).toISOString()}`;
      await context.parking.until({ why: 'quota', message, until });
    }
  }

  function ask(account: string, hit?: { key: string; reset_at: number | null }): Promise<{ start_at: number }> {
    const summary = `${hit === undefined ? 'Asks for' : 'Tells of'} the quota of ${account}`.slice(0, 200);
    return activities.askAccount.executeWithOptions({ summary }, [
      { account, key: context.accountKey, ...(hit === undefined ? {} : { hit }) },
    ]);
  }

  async function tellQuota({ agent }: Candidate, number: number, resetAt: number | undefined): Promise<void> {
    const key = `${context.accountKey}/${number}`;
    await ask(accountOf(agent, context.settings(agent)), { key, reset_at: resetAt ?? null });
  }

  /** Sets aside what the step may cost. @returns the end of the step where that is not there */
  async function budgetFor(): Promise<PieceReport | undefined> {
    const own = ledger.overrun();
    if (own !== undefined) return exceeded(`the step's budget is used up: ${overrunText(own)}`);
    const { runLedger } = context;
    while (!reserved) {
      const over = runLedger.overrun();
      if (over !== undefined) return exceeded(`the run's budget is used up: ${overrunText(over)}`);
      reserved = runLedger.reserve(reservation);
      if (reserved) break;
      if (!runLedger.mayComeBack) return exceeded("what is left of the run's budget is less than the step's");
      const message = "others have set aside what is left of the run's budget";
      let tried = false;
      await context.parking.while({ why: 'budget', message }, () => {
        tried = runLedger.overrun() === undefined && runLedger.mayComeBack && !fits();
        return tried;
      });
    }
    const over = runLedger.overrun();
    return over === undefined ? undefined : exceeded(`the run's budget is used up: ${overrunText(over)}`);
  }

  function fits(): boolean {
    if (!context.runLedger.reserve(reservation)) return false;
    context.runLedger.release(reservation);
    return true;
  }

  function exceeded(message: string): PieceReport {
    return {
      status: 'failed',
      reason: 'budget_exceeded',
      message: `BudgetError: ${message}`,
      attempts: attempts.count,
    };
  }

  /** Counts what a turn has cost, for the step and for the run. What the step had set aside is spent first. */
  function settle({ turn }: PieceReport): void {
    if (turn === undefined) return;
    if (turn.cost_usd !== undefined) costKnown = true;
    const usage = { tokens: turn.tokens, cost_usd: turn.cost_usd ?? 0, wall_sec: turn.wall_sec };
    const before = left(reservation, ledger);
    const own = ledger.settle(usage);
    if (reserved) {
      context.runLedger.release(before);
      context.runLedger.reserve(left(reservation, ledger));
    }
    const all = context.runLedger.settle(usage);
    for (const each of own) context.warn(`the step has used ${overrunText(each)}`);
    for (const each of all) context.warn(`the run has used ${overrunText(each)}`);
  }

  function turnOf(candidate: Candidate, again: TurnPrompt['again'], going: AgentSession | undefined): AgentTurn {
    return {
      type: 'agent',
      ...candidate,
      settings: context.settings(candidate.agent),
      sandbox: action.sandbox,
      prompt: promptOf(again),
      ...(going === undefined ? {} : { session: going.id }),
      ...(going?.tokens === undefined ? {} : { session_tokens: going.tokens }),
      ...(going?.cost_usd === undefined ? {} : { session_cost_usd: going.cost_usd }),
      ...(action.output_schema === undefined ? {} : { output_schema: action.output_schema }),
      stall_timeout_sec: action.stall_timeout_sec,
      limits: {},
      ...(action.worktree === undefined ? {} : { worktree: action.worktree }),
      owner_id: id,
      note_tree: action.review !== undefined || action.files.length > 0,
      ...(last?.tree === undefined ? {} : { tree: last.tree }),
    };
  }

  function promptOf(again: TurnPrompt['again']): TurnPrompt {
    const { hint, plan_file } = action;
    return {
      title: action.title ?? step.name,
      text: action.prompt ?? action.prompt_text ?? '',
      ...(hint === undefined ? {} : { hint }),
      ...(plan_file === undefined ? {} : { plan_file }),
      files: action.files,
      context: context.context,
      context_bytes: action.context?.max_bytes ?? 0,
      ...(again === undefined ? {} : { again }),
    };
  }

  function note(report: PieceReport): void {
    const failure: FailedAttempt = {
      attempt: report.attempt ?? attempts.count,
      started_at: report.started_at ?? Date.now(),
      finished_at: report.finished_at ?? Date.now(),
      reason: report.reason ?? 'internal_error',
      message: (report.message ?? '').slice(0, MESSAGE_CHARS),
      ...(report.exit_code === undefined ? {} : { exit_code: report.exit_code }),
      ...(report.host === undefined ? {} : { host: report.host }),
      ...(report.log_dir === undefined ? {} : { log_dir: report.log_dir }),
    };
    attempts.failed = [...attempts.failed, failure].slice(-MAX_ATTEMPTS);
  }
}

/** A reviewer gives a verdict, not the answer that the task asks for. */
function withoutSchema(turn: AgentTurn): AgentTurn {
  const { output_schema: _, ...rest } = turn;
  return rest;
}

function isSessionOver({ turn }: PieceReport): boolean {
  return turn?.failure?.kind === 'session';
}

function interrupted(reason: string): NonNullable<TurnPrompt['again']> {
  return { kind: 'resume', reason };
}

function answered(report: PieceReport, turn: TurnFacts): WorkedTurn {
  return { answered: true, report, turn };
}

function failed(report: PieceReport): WorkedTurn {
  return { answered: false, report };
}

function tierOf({ tier, model }: { tier?: string; model?: string }): { tier?: string; model?: string } {
  return { ...(tier === undefined ? {} : { tier }), ...(model === undefined ? {} : { model }) };
}

/** What is still set aside of a reservation. */
function left(reservation: Limits, { used }: Ledger): Limits {
  const rest: Limits = {};
  for (const kind of ['tokens', 'cost_usd', 'wall_sec'] as const) {
    if (reservation[kind] !== undefined) rest[kind] = Math.max(0, reservation[kind] - used[kind]);
  }
  return rest;
}
