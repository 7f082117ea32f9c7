import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ApplicationFailure, ChildWorkflowFailure, isCancellation, TerminatedFailure } from '@temporalio/workflow';
import type { StepReport } from '../../engine/index.js';
import type { RunResult } from '../../contract/run-messages.js';
import type { Json } from '../../plan/model/values.js';

/** How a step ended whose sub-plan succeeded. Warnings go up, so that `--strict` sees them. */
export function reportOfResult(runId: string, result: RunResult, wanted: readonly string[]): StepReport {
  const { warnings } = result;
  const outputs = outputsOf(runId, result, wanted);
  if (warnings === 0) return { status: 'success', attempts: 1, outputs };
  const message = `run '${runId}' has ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
  return { status: 'warning', attempts: 1, message, outputs };
}

/** How a step ended whose sub-plan failed, was canceled or terminated, or could not be started. */
export function reportOfFailure(runId: string, error: unknown, wanted: readonly string[]): StepReport {
  if (isCancellation(error)) return { status: 'canceled', attempts: 1, outputs: outputsOf(runId, {}, wanted) };
  const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
  const result = cause instanceof ApplicationFailure && cause.type === 'RunFailed' ? cause.details?.[0] : undefined;
  return {
    status: 'failed',
    reason: 'sub_plan_failed',
    message: messageOf(runId, cause),
    attempts: 1,
    outputs: outputsOf(runId, result ?? {}, wanted),
  };
}

function messageOf(runId: string, cause: unknown): string {
  if (cause instanceof ApplicationFailure) {
    return `${cause.type ?? 'SubPlanError'}: run '${runId}' failed: ${cause.message}`;
  }
  if (cause instanceof TerminatedFailure) return `SubPlanError: run '${runId}' was terminated`;
  if (cause instanceof WorkflowExecutionAlreadyStartedError) {
    return `SubPlanError: there is already a run with the id '${runId}'`;
  }
  const known = cause instanceof Error ? cause : new Error(String(cause));
  return `SubPlanError: run '${runId}': ${known.message}`;
}

function outputsOf(
  runId: string,
  { outputs = {} }: Partial<Pick<RunResult, 'outputs'>>,
  wanted: readonly string[],
): Record<string, Json> {
  const known: Readonly<Record<string, Json>> = { ...outputs, run_id: runId };
  return Object.fromEntries(wanted.flatMap((name) => (Object.hasOwn(known, name) ? [[name, known[name]!]] : [])));
}

/** How a step ended whose sub-plan was not started. */
export function refused(reason: 'input_invalid' | 'sub_plan_failed', message: string): { report: StepReport } {
  const name = reason === 'input_invalid' ? 'InputError' : 'SubPlanError';
  return { report: { status: 'failed', reason, message: `${name}: ${message}`, attempts: 0 } };
}
