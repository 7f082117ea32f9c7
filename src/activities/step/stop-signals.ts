import { Context } from '@temporalio/activity';
import type { StopReason } from '../../process/index.js';
import { temporalRunOf } from './execution-info.js';
import type { Execution, RunStepDeps } from './execution.js';

/** Why a step is no longer waited for. */
export interface StopSignals {
  /** Somebody wants the step to end. */
  cancel: AbortSignal;
  /** Only this worker lets go of it. */
  detach: AbortSignal;
  /** Ends the step for a reason of its own. */
  stop(this: void, reason: StopReason): void;
  close(): void;
}

/**
 * Tells a wish to stop from all else that ends an activity: the worker stops, Temporal has given the attempt up, or
 * paused or reset it. Where Temporal no longer knows of the attempt, the run was terminated, or it has gone on: to another
 * attempt, or in a new execution, where another one attaches to the process.
 */
export function stopSignals(deps: Pick<RunStepDeps, 'isRunOpen'>, { task }: Execution): StopSignals {
  const context = Context.current();
  const cancel = new AbortController();
  const detach = new AbortController();
  const { cancellationSignal: signal } = context;
  const onAbort = (): void => {
    const details = context.cancellationDetails;
    if (details?.cancelRequested) cancel.abort();
    else if (details?.notFound) void stopUnlessOpen();
    else detach.abort();
  };
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  return {
    cancel: cancel.signal,
    detach: detach.signal,
    stop: (reason) => cancel.abort(reason),
    close: () => signal.removeEventListener('abort', onAbort),
  };

  async function stopUnlessOpen(): Promise<void> {
    const run = { run_id: task.run_id, temporal_run_id: temporalRunOf(task, context) };
    const open = await deps.isRunOpen(run).catch(() => true); // who cannot be asked does not want it stopped
    (open ? detach : cancel).abort();
  }
}
