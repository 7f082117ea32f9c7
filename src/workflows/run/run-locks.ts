import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { EngineEvent } from '../../engine/index.js';
import { causeOf } from '../record/cause.js';
import { holdingLocks } from '../steps/hold-locks.js';
import { longestGrace, type CheckedInput } from '../program/input.js';

/** The locks of a run. */
export interface RunLocks {
  /** Gives them back, or takes the request for them back. */
  giveBack(): Promise<void>;
  /** Why they could not be had, where orch itself failed at it. */
  failure(): Error | undefined;
}

/** Takes the locks of a run, one after the other, and keeps them; the run hears when it has them all. */
export function holdRunLocks(
  checked: Pick<CheckedInput, 'plan' | 'subPlans'>,
  names: readonly string[],
  parent: CancellationScope,
  apply: (event: EngineEvent) => void,
): RunLocks {
  if (names.length === 0) {
    // Those that the plan names are held above it, so there is nothing to wait for.
    if (checked.plan.globals.locks.length > 0) apply({ type: 'locks-held', at: Date.now() });
    return { giveBack: async () => {}, failure: () => undefined };
  }
  const scope = new CancellationScope({ cancellable: true, parent });
  let failure: Error | undefined;
  const wish = {
    names,
    number: 0,
    grace_sec: longestGrace(checked),
    onWait: (name: string, holder: string) => apply({ type: 'lock-waited', name, holder, at: Date.now() }),
    onHeld: () => apply({ type: 'locks-held', at: Date.now() }),
    mayGo: () => true, // a pause is kept by the steps that do not start
  };
  const held = scope
    .run(() => holdingLocks(wish, () => CancellationScope.current().cancelRequested))
    .catch((error: unknown) => {
      if (!isCancellation(error)) failure = causeOf(error);
    });
  return {
    async giveBack() {
      scope.cancel();
      await held;
    },
    failure: () => failure,
  };
}
