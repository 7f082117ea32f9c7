import { WorkflowFailedError, type Client, type WorkflowExecutionInfo } from '@temporalio/client';
import { defined } from '../basics/defined.js';
import { dueOf, scheduledRunId, scheduleId } from '../contract/schedule-messages.js';
import { describeRun } from './describe.js';
import { OrchError } from './errors.js';
import type { ScheduledRunView } from './schedule-types.js';
import type { ClientSigning } from './sealed-result.js';
import { asOrchError, throughOutages } from './service-errors.js';

/** Starts that are read to find the latest of them: the service has open ones in front, then those that closed last. */
const MOST_READ = 100;

/** What a schedule has started last, newest first. */
export async function scheduledRuns(
  client: Client,
  name: string,
  signing: ClientSigning | undefined,
  limit: number,
): Promise<ScheduledRunView[]> {
  const starts: { start: WorkflowExecutionInfo; due: number }[] = [];
  const query = `TemporalScheduledById = '${scheduleId(name)}'`;
  try {
    for await (const start of client.workflow.list({ query, pageSize: MOST_READ })) {
      const asked = dueOf(start.workflowId);
      if (asked?.name === name) starts.push({ start, due: asked.due });
      if (starts.length >= MOST_READ) break;
    }
  } catch (error) {
    throw asOrchError(error);
  }
  const latest = starts.sort((a, b) => b.due - a.due).slice(0, limit);
  return Promise.all(latest.map(({ start, due }) => viewOf(client, { name, due, start }, signing)));
}

/** The run itself tells how it stands; the start only why there is none. */
async function viewOf(
  client: Client,
  { name, due, start }: { name: string; due: number; start: WorkflowExecutionInfo },
  signing: ClientSigning | undefined,
): Promise<ScheduledRunView> {
  const run_id = scheduledRunId(name, due);
  const run = await unlessNotFound(() => describeRun(client, run_id, signing));
  if (run !== undefined) {
    const { status, started_at, finished_at } = run.run;
    return { due, run_id, status, started_at, ...defined({ finished_at }) };
  }
  if (start.status.name === 'RUNNING') {
    return { due, run_id, status: 'starting', ...defined({ reason: await whyNotYet(client, start) }) };
  }
  if (start.status.name === 'COMPLETED')
    return { due, run_id, status: 'unknown', reason: 'the service has forgotten the run' };
  return { due, run_id, status: 'not_started', reason: await whyNot(client, start) };
}

async function unlessNotFound<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof OrchError && error.code === 'run_not_found') return undefined;
    throw error;
  }
}

/** What the worker's last try has met, or that no worker has taken it. */
async function whyNotYet(client: Client, { workflowId, runId }: WorkflowExecutionInfo): Promise<string | undefined> {
  const described = await unlessNotFound(() =>
    throughOutages(() => client.workflow.getHandle(workflowId, runId).describe()),
  );
  const [pending] = described?.raw.pendingActivities ?? [];
  if (pending === undefined) return 'no worker has taken it yet';
  return pending.lastFailure?.message ?? undefined;
}

async function whyNot(client: Client, { workflowId, runId, status }: WorkflowExecutionInfo): Promise<string> {
  if (status.name !== 'FAILED') return `its start was ${status.name.toLowerCase().replace('cancelled', 'canceled')}`;
  try {
    await throughOutages(() => client.workflow.getHandle(workflowId, runId).result());
    return 'its start failed';
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw asOrchError(error, workflowId);
    // The activity's own words are at the end of the chain.
    let cause: Error | undefined = error.cause;
    while (cause?.cause instanceof Error) cause = cause.cause;
    return cause?.message ?? 'its start failed';
  }
}
