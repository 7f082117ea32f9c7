import type { AgentStepContext, PieceReport } from './context.js';
import type { Usage } from '../../contract/carried-agent.js';
import { overrunText, smaller, type Limits } from './ledger.js';

/** What the turns of a step may cost: its own budget, and its share of the run's. */
export class TurnBudget {
  private readonly reservation: Limits;

  constructor(private readonly context: AgentStepContext) {
    const { soft: _, ...reservation } = context.action.budget ?? { soft: 1 };
    this.reservation = reservation;
  }

  get used(): Usage {
    return this.context.ledger.used;
  }

  /** Whether any agent told what it cost. */
  get costKnown(): boolean {
    return this.context.progress.cost_known === true;
  }

  /** Sets aside what the step may cost. @returns the end of the step where that is not there */
  async setAside(): Promise<PieceReport | undefined> {
    const { ledger, runLedger, progress } = this.context;
    const own = ledger.overrun();
    if (own !== undefined) return this.exceeded(`the step's budget is used up: ${overrunText(own)}`);
    while (progress.reserved !== true) {
      const over = runLedger.overrun();
      if (over !== undefined) return this.exceeded(`the run's budget is used up: ${overrunText(over)}`);
      if (runLedger.reserve(this.reservation)) {
        progress.reserved = true;
        break;
      }
      if (!runLedger.mayComeBack) return this.exceeded("what is left of the run's budget is less than the step's");
      const message = "others have set aside what is left of the run's budget";
      await this.context.parking.while({ why: 'budget', message }, () => this.mayComeBack());
      delete progress.wait;
    }
    const over = runLedger.overrun();
    return over === undefined ? undefined : this.exceeded(`the run's budget is used up: ${overrunText(over)}`);
  }

  /** What one turn may cost at most. */
  limits(): Limits {
    const { ledger, runLedger, progress } = this.context;
    return smaller(ledger.left(), runLedger.left(progress.reserved ? this.left() : {}));
  }

  /** Counts what a turn has cost, for the step and for the run. What the step had set aside is spent first. */
  settle({ turn }: PieceReport): void {
    if (turn === undefined) return;
    const { ledger, runLedger, progress } = this.context;
    if (turn.cost_usd !== undefined) progress.cost_known = true;
    const usage = { tokens: turn.tokens, cost_usd: turn.cost_usd ?? 0, wall_sec: turn.wall_sec };
    const before = this.left();
    const own = ledger.settle(usage);
    if (progress.reserved) {
      runLedger.release(before);
      runLedger.reserve(this.left());
    }
    const all = runLedger.settle(usage);
    for (const each of own) this.context.warn(`the step has used ${overrunText(each)}`);
    for (const each of all) this.context.warn(`the run has used ${overrunText(each)}`);
  }

  /** Gives back what was set aside of the run's budget. */
  close(): void {
    const { runLedger, progress } = this.context;
    if (progress.reserved) runLedger.release(this.left());
  }

  /** Whether there is anything to wait for: budget that others have set aside. */
  mayComeBack(): boolean {
    const { runLedger } = this.context;
    return runLedger.overrun() === undefined && runLedger.mayComeBack && !this.fits();
  }

  private fits(): boolean {
    const { runLedger } = this.context;
    if (!runLedger.reserve(this.reservation)) return false;
    runLedger.release(this.reservation);
    return true;
  }

  private exceeded(message: string): PieceReport {
    const { attempts } = this.context;
    return {
      status: 'failed',
      reason: 'budget_exceeded',
      message,
      attempts: attempts.count,
    };
  }

  /** What is still set aside. */
  private left(): Limits {
    const rest: Limits = {};
    for (const kind of ['tokens', 'cost_usd', 'wall_sec'] as const) {
      const limit = this.reservation[kind];
      if (limit !== undefined) rest[kind] = Math.max(0, limit - this.used[kind]);
    }
    return rest;
  }
}
