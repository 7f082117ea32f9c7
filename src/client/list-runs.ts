import type { Client } from '@temporalio/client';
import { RUN_PLAN } from '../contract/run-messages.js';
import { summarize } from './describe.js';
import { isGenuineSuccess } from './genuine-success.js';
import type { ClientSigning } from './sealed-result.js';
import { asOrchError } from './service-errors.js';
import type { RunState, RunSummary } from './types.js';

/** Which runs a list has. */
export interface ListOptions {
  /** At most this many; default 20. */
  limit?: number;
  /** Only runs in this state. */
  status?: RunState;
  /** The runs of sub-plans, too. */
  all?: boolean;
}

/** Runs, newest first. @throws OrchError `service_unreachable` */
export async function listRuns(
  client: Client,
  signing: ClientSigning | undefined,
  { limit = 20, status, all = false }: ListOptions,
): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  try {
    for await (const execution of client.workflow.list({ query: listQuery(status) })) {
      const run = summarize(execution, await isGenuineSuccess(client, execution, signing));
      if (status !== undefined && run.status !== status) continue;
      if (run.parent_run_id !== undefined && !all) continue;
      runs.push(run);
      if (runs.length >= limit) break;
    }
  } catch (error) {
    throw asOrchError(error);
  }
  return runs;
}

function listQuery(status: RunState | undefined): string {
  // A long run has several executions, of which the last one tells how it is.
  const type = `WorkflowType = '${RUN_PLAN}' AND ExecutionStatus != 'ContinuedAsNew'`;
  if (status === undefined) return type;
  const names: Record<RunState, string> = {
    running: 'Running',
    paused: 'Running',
    quarantined: 'Running',
    succeeded: 'Completed',
    failed: 'Failed',
    canceled: 'Canceled',
    terminated: 'Terminated',
    timed_out: 'TimedOut',
  };
  return `${type} AND ExecutionStatus = '${names[status]}'`;
}
