import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/** Calls `fire` at a time (milliseconds since the epoch), durably. Cancel the scope that it returns to call it off. */
export function startTimer(parent: CancellationScope, at: number, fire: () => void): CancellationScope {
  const scope = new CancellationScope({ cancellable: true, parent });
  void run(scope, at, fire);
  return scope;
}

async function run(scope: CancellationScope, at: number, fire: () => void): Promise<void> {
  try {
    await scope.run(() => sleep(Math.max(1, at - Date.now())));
  } catch (error) {
    if (isCancellation(error)) return;
    throw error;
  }
  // Called off by something else that came in the same task.
  if (!scope.consideredCancelled) fire();
}
