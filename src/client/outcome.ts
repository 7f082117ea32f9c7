import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { progressQuery, type ProgressView, type RunResult } from '../contract/run-messages.js';
import { plain } from '../contract/seal.js';
import { forCallsInTurn } from './calls-in-turn.js';
import { describeRun } from './describe.js';
import { OrchError } from './errors.js';
import { genuineEnd, genuineFailure, type ClientSigning } from './sealed-result.js';
import { asOrchError, isOutage, throughOutages } from './service-errors.js';
import { endedUnbegun } from './unbegun.js';
import { defined } from '../basics/defined.js';

/** Milliseconds between two tries while the service is away. */
const OUTAGE_PAUSE_MS = 1000;

/** Waits for a run's end. The SDK's own wait gives up after 15 to 20 s of outage, so it is asked again. */
export async function runOutcome(
  client: Client,
  runId: string,
  signing: ClientSigning | undefined,
  signal?: AbortSignal,
): Promise<RunResult> {
  const wait = (): Promise<unknown> => client.workflow.getHandle(runId).result();
  const forPolls = signal && forCallsInTurn(signal);
  for (;;) {
    try {
      const given = await (forPolls === undefined ? wait() : client.connection.withAbortSignal(forPolls, wait));
      return (await genuineEnd(client, runId, given, signing)) as RunResult;
    } catch (error) {
      signal?.throwIfAborted();
      if (isOutage(error)) await sleep(OUTAGE_PAUSE_MS, undefined, defined({ signal }));
      else return outcomeOfFailure(client, runId, error, signing);
    }
  }
}

async function outcomeOfFailure(
  client: Client,
  runId: string,
  error: unknown,
  signing: ClientSigning | undefined,
): Promise<RunResult> {
  if (!(error instanceof WorkflowFailedError)) throw asOrchError(error, runId);
  const { cause } = error;
  if (cause instanceof ApplicationFailure) {
    const result = cause.type === 'RunFailed' ? plain(cause.details?.[0]) : undefined;
    if (result !== undefined) {
      await genuineFailure(client, runId, cause.details, signing);
      return result as RunResult;
    }
    throw new OrchError(cause.type === 'InvalidPlan' ? 'invalid_plan' : 'run_terminated', cause.message, { cause });
  }
  if (cause instanceof CancelledFailure) return canceledResult(client, runId);
  if (cause instanceof TerminatedFailure) {
    throw new OrchError('run_terminated', `The run '${runId}' was terminated: ${cause.message}`, { cause });
  }
  if (cause instanceof TimeoutFailure) throw new OrchError('run_terminated', `The run '${runId}' timed out`, { cause });
  throw error;
}

/** Temporal's Canceled carries no result, so the run is asked; a closed run answers from its history. */
async function canceledResult(client: Client, runId: string): Promise<RunResult> {
  let progress: ProgressView;
  try {
    progress = await throughOutages(() => client.workflow.getHandle(runId).query(progressQuery));
  } catch (error) {
    if (await endedUnbegun(client, runId, asOrchError(error, runId))) return unbegunResult(client, runId);
    throw error;
  }
  return {
    run_id: runId,
    plan_id: progress.plan_id,
    status: 'canceled',
    warnings: progress.warnings,
    started_at: progress.started_at,
    finished_at: progress.finished_at ?? progress.started_at,
    steps: progress.steps,
  };
}

/** Runs of up to 0.1.0 that were canceled before a worker took them ended without a word of their own. */
async function unbegunResult(client: Client, runId: string): Promise<RunResult> {
  const { run } = await describeRun(client, runId, undefined); // a canceled run claims no success
  const { plan_id, started_at, finished_at = started_at } = run;
  return { run_id: runId, plan_id, status: 'canceled', warnings: 0, started_at, finished_at, steps: [] };
}
