import { QueryNotRegisteredError, type Client } from '@temporalio/client';
import { EVENTS_VERSION, type EventsPage, type PlanAnswer, type RunEvent, type RunRecord } from '../journal/index.js';
import { hasBegun } from './run-begun.js';

/** Milliseconds that a page of a record may take: for a closed run a worker first replays its whole history. */
const PAGE_DEADLINE_MS = 60_000;

/** What reading a run's record needs of a client. */
export type RecordClient = Client;

/** The record of a run, and whether it goes on. */
export interface ReadRecord extends RunRecord {
  open: boolean;
}

/**
 * Reads the record of a run from the run itself. A closed one answers from its history, so this needs a worker, but
 * no file.
 *
 * @returns undefined for a run that ended before it began: it was ended before a worker took it, its plan was invalid,
 * or its start not signed
 */
export async function readRecord(client: RecordClient, runId: string): Promise<ReadRecord | undefined> {
  const handle = client.workflow.getHandle(runId);
  const { status, closeTime, runId: temporalRunId } = await handle.describe();
  const open = status.name === 'RUNNING';
  const fromOutside = status.name === 'TERMINATED' || status.name === 'TIMED_OUT';
  let last: Execution | undefined = { workflowId: runId, runId: temporalRunId };
  // One that no worker has taken has nothing to tell; in a long run the one before it has.
  if (fromOutside && !(await hasBegun(client, runId, temporalRunId))) last = await executionBefore(client, last);
  if (last === undefined) return undefined;
  // Of this execution, should another one take its id meanwhile.
  const execution = client.workflow.getHandle(runId, last.runId);
  try {
    const { about, plan } = await timed(client, () => execution.query<PlanAnswer>('plan'));
    const events = await readEvents(client, last);
    if (!open && events.at(-1)?.type !== 'run-finished') events.push(endFromOutside(events, status.name, closeTime));
    return { about, plan, events, open };
  } catch (error) {
    if (error instanceof QueryNotRegisteredError && !open) return undefined;
    throw error;
  }
}

/**
 * The events of a run that stand in the histories before its last one, which begins after event `upTo`.
 *
 * @throws WorkflowNotFoundError where the service keeps the first of them no longer
 */
export async function readEarlierEvents(client: RecordClient, runId: string, upTo: number): Promise<RunEvent[]> {
  const { runId: last } = await client.workflow.getHandle(runId).describe();
  const before = await executionBefore(client, { workflowId: runId, runId: last });
  // The last one is not asked: who seals it is at work for it, and it would answer only after that.
  return before === undefined ? [] : readEvents(client, before, upTo);
}

interface Execution {
  workflowId: string;
  runId: string;
}

/**
 * All events up to an execution, and with its own, as far as `upTo`. A history that was left may tell more of itself
 * when it is replayed: what ended while the worker was asked what goes along is heard there before the answer, though
 * the next history was told that it still runs, and records its end.
 */
async function readEvents(
  client: RecordClient,
  execution: Execution,
  upTo = Number.POSITIVE_INFINITY,
): Promise<RunEvent[]> {
  const parts: RunEvent[][] = [];
  let end = upTo;
  for (let next: Execution | undefined = execution; next !== undefined;) {
    const { events, after } = await readEventPages(client, next);
    parts.unshift(events.filter(({ seq }) => seq <= end));
    end = after;
    next = after === 0 ? undefined : await executionBefore(client, next);
  }
  return parts.flat();
}

async function readEventPages(
  client: RecordClient,
  { workflowId, runId }: Execution,
): Promise<{ events: RunEvent[]; after: number }> {
  const handle = client.workflow.getHandle(workflowId, runId);
  const events: RunEvent[] = [];
  for (let last = 0; ;) {
    const page = await timed(client, () => handle.query<EventsPage, [{ after: number }]>('events', { after: last }));
    events.push(...page.events);
    last = events.at(-1)?.seq ?? 0;
    if (page.events.length === 0 || last >= page.last_seq) return { events, after: page.after ?? 0 };
  }
}

/** The execution that a run went on from. */
async function executionBefore(client: RecordClient, { workflowId, runId }: Execution): Promise<Execution | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const before = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
  return before ? { workflowId, runId: before } : undefined;
}

/** The last event of a run that had no say in its end, from what the service knows of it. */
function endFromOutside(events: readonly RunEvent[], status: string, closeTime: Date | undefined): RunEvent {
  const last = events.at(-1);
  const base = {
    v: EVENTS_VERSION,
    seq: (last?.seq ?? 0) + 1,
    time: closeTime?.toISOString() ?? last?.time ?? new Date(0).toISOString(),
    type: 'run-finished',
  } as const;
  if (status === 'TERMINATED') return { ...base, status: 'terminated', reason: 'terminated' };
  if (status === 'TIMED_OUT') return { ...base, status: 'timed_out', reason: 'service_timeout' };
  if (status === 'CANCELLED') return { ...base, status: 'canceled', reason: 'run_canceled' };
  return { ...base, status: 'failed', reason: 'internal_error' };
}

function timed<T>(client: RecordClient, call: () => Promise<T>): Promise<T> {
  return client.withDeadline(Date.now() + PAGE_DEADLINE_MS, call);
}
