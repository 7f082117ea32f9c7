import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
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
  /** Only runs that have not ended. */
  open?: boolean;
  /** The runs of sub-plans, too. */
  all?: boolean;
  /** Only runs whose ids begin with this. */
  idPrefix?: string;
  /** Takes the service's word for what succeeded, which saves a look at each: for names, not for what people are told. */
  unverified?: boolean;
}

/** Runs, newest first. @throws OrchError `service_unreachable` */
export async function listRuns(
  client: Client,
  signing: ClientSigning | undefined,
  { limit = 20, all = false, unverified = false, ...which }: ListOptions,
): Promise<RunSummary[]> {
  const wanted = (run: RunSummary): boolean =>
    (which.status === undefined || run.status === which.status) && (run.parent_run_id === undefined || all);
  try {
    const runs: RunSummary[] = [];
    for (const { execution, run } of await newestFirst(client, listQuery(which), { limit, wanted })) {
      const genuine = unverified || (await isGenuineSuccess(client, execution, signing));
      const told = genuine ? run : summarize(execution, false);
      if (wanted(told)) runs.push(told);
      if (runs.length >= limit) break;
    }
    return runs;
  } catch (error) {
    throw asOrchError(error);
  }
}

/** Days to look back, further and further: the service has open runs in front, then those that closed last. */
const WINDOWS = [1, 8, 64, Number.POSITIVE_INFINITY];
const DAY_MS = 86_400_000;

interface Listed {
  execution: WorkflowExecutionInfo;
  run: RunSummary;
}

/** Runs that began within the shortest time that has enough of them, newest first. */
async function newestFirst(
  client: Client,
  query: string,
  { limit, wanted }: { limit: number; wanted: (run: RunSummary) => boolean },
): Promise<Listed[]> {
  const found: Listed[] = [];
  const now = Date.now();
  let until = '';
  for (const days of WINDOWS) {
    const start = days === Number.POSITIVE_INFINITY ? undefined : new Date(now - days * DAY_MS).toISOString();
    const since = start === undefined ? '' : ` AND StartTime > '${start}'`;
    for await (const execution of client.workflow.list({ query: query + since + until })) {
      found.push({ execution, run: summarize(execution, true) });
    }
    if (found.filter(({ run }) => wanted(run)).length >= limit) break;
    until = ` AND StartTime <= '${start}'`; // what was read is not read again
  }
  return found.sort((a, b) => b.run.started_at - a.run.started_at);
}

function listQuery({ status, open, idPrefix }: ListOptions): string {
  const prefix = idPrefix === undefined ? '' : ` AND WorkflowId STARTS_WITH '${idPrefix.replaceAll("'", "''")}'`;
  // A long run has several executions, of which the last one tells how it is.
  const type = `WorkflowType = '${RUN_PLAN}' AND ExecutionStatus != 'ContinuedAsNew'${prefix}`;
  if (status === undefined) return open === true ? `${type} AND ExecutionStatus = 'Running'` : type;
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
