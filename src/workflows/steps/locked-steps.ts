import { isCancellation } from '@temporalio/workflow';
import type { EngineEvent, RunState, StepReport } from '../../engine/index.js';
import type { Step } from '../../plan/model/plan.js';
import { longestGrace, type CheckedInput } from '../program/input.js';
import { causeOf } from '../record/cause.js';
import type { Temporal } from '../temporal/temporal.js';
import { Locks } from './hold-locks.js';
import type { InFlight } from './in-flight.js';

/** What steps under locks have to do with their run. */
export interface LockedStepsOptions {
  stateOf: () => RunState;
  /** Hears of locks that are waited for, and of those that are held. */
  apply: (event: EngineEvent) => void;
  program: Pick<CheckedInput, 'plan' | 'subPlans'>;
  inFlight: InFlight;
  /** How often locks have been taken, in earlier histories of the run. */
  lockings: number;
}

/** Steps, and instances of steps, that run under locks. */
export class LockedSteps {
  private readonly locks: Locks;
  /** How often locks have been taken. */
  lockings: number;

  constructor(
    temporal: Temporal,
    private readonly options: LockedStepsOptions,
  ) {
    this.locks = new Locks(temporal);
    this.lockings = options.lockings;
  }

  /**
   * Takes locks with a slot in hand, so that a holder always has one: the other order could block a run.
   *
   * @param index of the step
   * @param id of the step, or of its instance
   */
  async run(
    { index, id, step }: { index: number; id: string; step: Step },
    names: readonly string[],
    execution: () => Promise<StepReport>,
  ): Promise<StepReport> {
    const { apply, stateOf, inFlight, program } = this.options;
    const before = inFlight.locksOf(id);
    if (before === undefined) this.lockings += 1;
    const number = before?.number ?? this.lockings;
    inFlight.noteLocks(id, before ?? { number, held: false });
    inFlight.begin(id, 'locks');
    const wish = {
      names,
      number,
      ...(before?.held && { held: true }),
      step_id: id,
      grace_sec: step.action.type === 'plan' ? longestGrace(program) : step.grace_sec,
      onWait: (name: string, holder: string) =>
        apply({ type: 'lock-waited', step: index, name, holder, at: Date.now() }),
      onHeld: () => {
        inFlight.noteLocks(id, { number, held: true });
        apply({ type: 'locks-held', step: index, at: Date.now() });
      },
      mayGo: () => mayGo(stateOf()),
    };
    try {
      return await this.locks.holding(wish, execution);
    } catch (error) {
      if (isCancellation(error)) return { status: 'canceled', attempts: 0 };
      return { status: 'failed', reason: 'internal_error', message: String(causeOf(error)), attempts: 0 };
    } finally {
      inFlight.noteLocks(id, undefined);
    }
  }
}

function mayGo({ paused, held }: RunState): boolean {
  return !paused && held.length === 0;
}
