import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { EngineEvent } from '../engine/index.js';
import type { Plan } from '../plan/types.js';
import { holdingLocks } from './hold-locks.js';

/** The locks of a run. */
export interface RunLocks {
  /** Gives them back, or takes the request for them back. */
  giveBack(): Promise<void>;
}

/** Takes the locks of a run, one after the other, and keeps them; the run hears when it has them all. */
export function holdRunLocks(
  plan: Plan,
  names: readonly string[],
  parent: CancellationScope,
  apply: (event: EngineEvent) => void,
): RunLocks {
  if (names.length === 0) return { giveBack: async () => {} };
  const scope = new CancellationScope({ cancellable: true, parent });
  const wish = {
    names,
    number: 0,
    grace_sec: Math.max(...plan.steps.map((step) => step.grace_sec)),
    onWait: (name: string, holder: string) => apply({ type: 'lock-waited', name, holder, at: Date.now() }),
    onHeld: () => apply({ type: 'locks-held', at: Date.now() }),
    mayGo: () => true, // a pause is kept by the steps that do not start
  };
  const held = scope
    .run(() => holdingLocks(wish, () => CancellationScope.current().cancelRequested))
    .catch(ignoreCancel);
  return {
    async giveBack() {
      scope.cancel();
      await held;
    },
  };
}

function ignoreCancel(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
