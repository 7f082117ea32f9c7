import { isCancellation } from '@temporalio/workflow';
import type { EngineEvent } from '../../engine/index.js';
import { longestGrace, type CheckedInput } from '../program/input.js';
import { causeOf } from '../record/cause.js';
import { Locks } from '../steps/hold-locks.js';
import type { Scope, Temporal } from '../temporal/temporal.js';

/** The locks of a run: taken one after the other, and kept; the run hears when it has them all. */
export class RunLocks {
  private scope: Scope | undefined;
  private held: Promise<unknown> | undefined;
  private error: Error | undefined;

  constructor(
    private readonly temporal: Temporal,
    private readonly checked: Pick<CheckedInput, 'plan' | 'subPlans'>,
    private readonly names: readonly string[],
    private readonly apply: (event: EngineEvent) => void,
  ) {}

  /** Asks for them. @param held whether an earlier history of the run has got them all */
  take(parent: Scope, held = false): void {
    if (this.names.length > 0) this.ask(this.temporal.scope(parent), held);
    else if (held) return;
    // Those that the plan names are held above it, so there is nothing to wait for.
    else if (this.checked.plan.globals.locks.length > 0) this.apply({ type: 'locks-held', at: Date.now() });
  }

  /** Gives them back, or takes the request for them back. */
  async giveBack(): Promise<void> {
    if (this.scope === undefined) return;
    this.scope.cancel();
    await this.held;
  }

  /** Why they could not be had, where orch itself failed at it. */
  failure(): Error | undefined {
    return this.error;
  }

  private ask(scope: Scope, held: boolean): void {
    const wish = {
      names: this.names,
      number: 0,
      ...(held && { held }),
      grace_sec: longestGrace(this.checked),
      onWait: (name: string, holder: string) => this.apply({ type: 'lock-waited', name, holder, at: Date.now() }),
      onHeld: () => this.apply({ type: 'locks-held', at: Date.now() }),
      mayGo: () => true, // a pause is kept by the steps that do not start
    };
    const locks = new Locks(this.temporal);
    this.scope = scope;
    this.held = scope
      .run(() => locks.holding(wish, () => this.temporal.currentScope().cancelRequested))
      .catch((error: unknown) => {
        if (!isCancellation(error)) this.error = causeOf(error);
      });
  }
}
