import type { AgentTurn, TurnFacts, TurnPrompt } from '../../contract/agent-turn.js';
import type { Candidate } from '../../contract/carried-agent.js';
import type { StepReport } from '../../engine/index.js';
import { isRetried, retryDelaySec } from '../../plan/model/retry-policy.js';
import { noted } from './attempts.js';
import type { AgentStepContext, PieceReport } from './context.js';
import { TurnBudget } from './turn-budget.js';
import { TurnMemory } from './turn-memory.js';
import { promptOf, turnOf, withoutSchema } from './turn-prompt.js';
import { TurnQuota } from './turn-quota.js';
import { defined } from '../../basics/defined.js';

/** After so many waits for one turn something else is wrong than a quota. */
const MAX_PARKS = 1_000;

/** A turn that has a verdict, or the end of the step. */
export type WorkedTurn =
  | { answered: true; report: StepReport; turn: TurnFacts }
  | { answered: false; report: PieceReport };

/** The turns of an agent's step. */
export class Turns {
  private readonly memory: TurnMemory;
  private readonly quota: TurnQuota;
  private readonly budget: TurnBudget;

  constructor(readonly context: AgentStepContext) {
    this.memory = new TurnMemory(context.progress);
    this.quota = new TurnQuota(context);
    this.budget = new TurnBudget(context);
  }

  /** Turns of the step's own agent that were executions, those that failed among them. */
  get count(): number {
    return this.context.attempts.count;
  }

  /** The last turn of the step's own agent. */
  get last(): TurnFacts | undefined {
    return this.memory.last;
  }

  get used(): TurnBudget['used'] {
    return this.budget.used;
  }

  /** Whether any agent told what it cost. */
  get costKnown(): boolean {
    return this.budget.costKnown;
  }

  /** Gives back what was set aside of the run's budget. */
  close(): void {
    this.budget.close();
  }

  /** Lets the step's agent work, as often as losses, quotas and retries ask for. */
  async work(): Promise<WorkedTurn> {
    const { temporal, attempts, step, progress } = this.context;
    if (progress.retry_at !== undefined) await this.waitOn(progress.retry_at);
    for (;;) {
      const report = await this.whenAllowed(this.workers(), (candidate) => this.workOf(candidate));
      if (report.status === 'canceled' || report.reason === 'budget_exceeded') return failed(report);
      if (isLost(report)) {
        if (!this.survives(report)) return failed(report);
        progress.again ??= interrupted('you were interrupted');
        continue;
      }
      if (isSessionOver(report) && !progress.renewed && !step.run_once && temporal.patched('fresh-session')) {
        // Nobody's fault: it costs no attempt. What comes of a session that is no better is.
        progress.renewed = true;
        this.memory.endSession();
        progress.again ??= interrupted('your session could not continue');
        continue;
      }
      attempts.count += 1;
      if (report.status !== 'failed' && report.turn !== undefined) return answered(report, report.turn);
      const delay = this.retryDelay(report);
      if (delay === undefined) return failed(report);
      progress.again ??= interrupted(report.message ?? String(report.reason));
      if (delay === 0) continue;
      progress.retry_at = Date.now() + delay * 1000;
      await temporal.sleep(delay * 1000);
      delete progress.retry_at;
    }
  }

  /** Waits on for what an earlier history has waited for. */
  private async waitOn(at: number): Promise<void> {
    const { parking, progress, temporal } = this.context;
    if (progress.wait?.for === 'budget') {
      await parking.while({ why: 'budget', message: '' }, () => this.budget.mayComeBack());
    } else if (progress.wait !== undefined) await parking.until({ why: 'quota', message: '', until: at });
    else await temporal.sleep(Math.max(1, at - Date.now()));
    delete progress.wait;
    delete progress.retry_at;
  }

  /** Lets another session look at the change. */
  async review(wanted: NonNullable<TurnPrompt['review']>): Promise<WorkedTurn> {
    const { context } = this;
    const { agent = context.action.agent, ...rest } = context.action.review ?? {};
    const candidates = [{ agent, ...(agent === context.action.agent && tierOf(context.action)), ...tierOf(rest) }];
    const count = (context.progress.review ??= { lost: 0, tries: 0 });
    for (;;) {
      const report = await this.whenAllowed(
        candidates,
        (candidate) => this.reviewOf(candidate, wanted),
        `${context.id}~review`,
      );
      if (report.status !== 'failed' && report.turn !== undefined) return answered(report, report.turn);
      if (report.status === 'canceled' || report.reason === 'budget_exceeded') return failed(report);
      // A reviewer that says "fail" has answered.
      if (report.reason === 'verdict' && report.turn !== undefined) return answered(report, report.turn);
      count.lost += isLost(report) ? 1 : 0;
      count.tries += isLost(report) ? 0 : 1;
      if (count.lost > context.maxLost || count.tries > context.step.retry.retries) return failed(report);
    }
  }

  /** Runs a turn once there is budget and quota for it; a quota that ends in the middle of it is waited for. */
  private async whenAllowed(
    candidates: readonly Candidate[],
    turnFor: (candidate: Candidate) => AgentTurn,
    logId = this.context.id,
  ): Promise<PieceReport> {
    const { context } = this;
    const { progress } = context;
    for (let parks = progress.parks ?? 0; parks < MAX_PARKS; parks += 1) {
      progress.parks = parks;
      if (progress.wait !== undefined) await this.waitOn(progress.wait.until ?? 0);
      // One that an earlier history has begun was allowed.
      if (progress.turn === undefined) {
        const broke = await this.budget.setAside();
        if (broke !== undefined) return broke;
        const candidate = await this.quota.choose(candidates);
        progress.turn = { candidate, number: this.nextNumber(logId) };
      }
      const { candidate, number } = progress.turn;
      const turn = turnFor(candidate);
      const task = {
        ...context.task(logId, number - 1),
        ...this.memory.home(),
        action: { ...turn, limits: this.budget.limits() },
        // One that is lost is not started again as it was: it goes on with its session.
        run_once: true,
      };
      const report = await context.execute(context.step, task);
      context.landed(task);
      delete progress.turn;
      this.budget.settle(report);
      if (logId === context.id) this.learn(report);
      const fault = report.turn?.failure;
      if (fault?.kind !== 'quota' || turn.settings.park === false || report.status === 'canceled') {
        delete progress.parks;
        return report;
      }
      await this.quota.tell(candidate, number, fault.reset_at);
    }
    delete progress.parks;
    const message = `QuotaError: it waited ${MAX_PARKS} times for its quota`;
    return { status: 'failed', reason: 'quota', message, attempts: 0 };
  }

  private learn(report: PieceReport): void {
    const { context, memory } = this;
    const branch = memory.last === undefined ? report.turn?.branch : undefined;
    memory.learn(report);
    // A branch of the repository may have the name that orch's own ones begin with.
    if (branch === undefined || context.action.worktree?.branch !== undefined || branch.startsWith('orch/')) return;
    context.warn(`a branch 'orch' leaves no room for branches orch/…, so its branch is '${branch}'`);
  }

  /** The step's agent, and those that work in its place. */
  private workers(): Candidate[] {
    const { action } = this.context;
    return [
      { agent: action.agent, ...tierOf(action) },
      ...action.fallback_agents.map((agent): Candidate => ({ agent, ...(action.tier && { tier: action.tier }) })),
    ];
  }

  private workOf(candidate: Candidate): AgentTurn {
    const { context, memory } = this;
    const { again } = context.progress;
    const going = context.action.session === 'fresh' ? undefined : memory.sessionOf(candidate.agent);
    return turnOf(context, candidate, again ?? this.afterQuota(candidate), going, memory.last?.tree);
  }

  private reviewOf(candidate: Candidate, wanted: NonNullable<TurnPrompt['review']>): AgentTurn {
    const { context, memory } = this;
    return {
      ...withoutSchema(turnOf(context, candidate, undefined, undefined, memory.last?.tree)),
      sandbox: 'read-only',
      note_tree: false,
      prompt: { ...promptOf(context, undefined), review: wanted },
    };
  }

  /** What an agent is told of what was begun before a quota ended: its own work, or that of another one. */
  private afterQuota({ agent }: Candidate): TurnPrompt['again'] {
    const { last } = this.memory;
    if (last === undefined) return undefined;
    return interrupted(last.agent === agent ? 'your quota had ended' : `the quota of '${last.agent}' had ended`);
  }

  /** Counts a turn whose end nobody knows. @returns whether the step goes on after it */
  private survives(report: PieceReport): boolean {
    const { step, maxLost, attempts, progress } = this.context;
    progress.losses += 1;
    if (report.reason === 'wrong_host') this.memory.leaveHome();
    if (!step.run_once && progress.losses <= maxLost) return true;
    attempts.count += 1;
    return false;
  }

  /** Counts a turn that failed. @returns the seconds after which it is tried again; undefined where it is not */
  private retryDelay(report: PieceReport): number | undefined {
    const { step, attempts, progress } = this.context;
    progress.failures += 1;
    attempts.failed = noted(attempts, report);
    // A session that does not go on is none to go on with.
    if (isSessionOver(report)) this.memory.endSession();
    if (progress.failures > step.retry.retries || !isRetried(step.retry, { ...report, reason: report.reason ?? '' })) {
      return undefined;
    }
    return Math.max(retryDelaySec(step.retry, progress.failures), 0);
  }

  private nextNumber(logId: string): number {
    const { numbers, id, attemptsBefore } = this.context;
    const number = (numbers.get(logId) ?? (logId === id ? attemptsBefore : 0)) + 1;
    numbers.set(logId, number);
    return number;
  }
}

function isLost({ reason }: PieceReport): boolean {
  return reason === 'lost' || reason === 'wrong_host';
}

function isSessionOver({ turn }: PieceReport): boolean {
  return turn?.failure?.kind === 'session';
}

function interrupted(reason: string): NonNullable<TurnPrompt['again']> {
  return { kind: 'resume', reason };
}

function answered(piece: PieceReport, turn: TurnFacts): WorkedTurn {
  const { turn: _, ...report } = piece;
  return { answered: true, report, turn };
}

function failed(report: PieceReport): WorkedTurn {
  return { answered: false, report };
}

function tierOf({ tier, model }: { tier?: string; model?: string }): { tier?: string; model?: string } {
  return defined({ tier, model });
}
