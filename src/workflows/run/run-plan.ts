import { ApplicationFailure, CancellationScope, CancelledFailure, workflowInfo } from '@temporalio/workflow';
import { withoutStack } from '../../basics/without-stack.js';
import type { RunInput } from '../../contract/run-input.js';
import type { RunResult } from '../../contract/run-messages.js';
import { readInput } from '../program/input.js';
import { OUT_OF } from '../record/out-of.js';
import { createProgram } from '../program/program.js';
import { listenForSignals } from '../record/signals.js';
import { temporal } from '../temporal/temporal.js';
import { PlanRun } from './plan-run.js';
import { runOutputs } from './run-outputs.js';
import { notificationsOf, runResult } from './views.js';

/** Bytes of what the steps of a sub-plan say in its result: each stands in the history of the run above. */
const SUB_RESULT_BYTES = 16 * 1024;

/**
 * Runs a plan.
 *
 * @returns the result of a run that succeeded.
 * @throws ApplicationFailure `InvalidPlan` for a bad input; `RunFailed`, with the {@link RunResult} as its first
 * detail, for a run that failed; CancelledFailure for one that was canceled.
 */
export async function runPlan(input: RunInput): Promise<RunResult> {
  const { workflowId, parent } = workflowInfo();
  const read = readInput(input);
  const checked = 'then' in read ? await read : read;
  // Only now: those that came while the plan was checked are among the early ones.
  const signals = listenForSignals();
  const program = createProgram(temporal, checked, input, workflowId);
  const run = new PlanRun(program, input, signals);
  run.listen();
  await CancellationScope.nonCancellable(() => run.toItsEnd());
  const room = parent === undefined ? undefined : SUB_RESULT_BYTES;
  return conclude({
    ...runResult(workflowId, program, run.state, room),
    ...runOutputs(program, input, run.state, workflowId),
    ...notificationsOf(run.failedNotifications()),
  });
}

function conclude(result: RunResult): RunResult {
  if (result.status === 'canceled') throw new CancelledFailure('The run was canceled');
  if (result.status === 'succeeded') return result;
  const bad = result.steps.filter((step) => step.status === 'failed' || step.reason === 'operator');
  const named = bad.slice(0, 5).map((step) => `${step.id} (${step.reason ?? step.status})`);
  const more = bad.length > named.length ? `, and ${bad.length - named.length} more` : '';
  const what =
    bad.length === 0
      ? OUT_OF[result.steps.some(({ reason }) => reason === 'history_full') ? 'history_full' : 'run_timeout']
      : `${bad.length} of ${result.steps.length} steps failed: ${named.join(', ')}${more}`;
  // steps failed, not this code
  throw withoutStack(
    ApplicationFailure.create({ type: 'RunFailed', nonRetryable: true, message: what, details: [result] }),
  );
}
