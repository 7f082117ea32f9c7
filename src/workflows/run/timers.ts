import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { defined } from '../../basics/defined.js';

/** A time (milliseconds since the epoch), and what it is for, in words for people. */
export interface DueTime {
  at: number;
  summary?: string;
}

/** Calls `fire` at a time, durably. Cancel the scope that it returns to call it off. */
export function startTimer(parent: CancellationScope, due: DueTime, fire: () => void): CancellationScope {
  const scope = new CancellationScope({ cancellable: true, parent });
  void run(scope, due, fire);
  return scope;
}

async function run(scope: CancellationScope, { at, summary }: DueTime, fire: () => void): Promise<void> {
  try {
    await scope.run(() => sleep(Math.max(1, at - Date.now()), defined({ summary: summary?.slice(0, 200) })));
  } catch (error) {
    if (isCancellation(error)) return;
    throw error;
  }
  // Called off by something else that came in the same task.
  if (!scope.consideredCancelled) fire();
}
