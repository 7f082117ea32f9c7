import { Client, QueryNotRegisteredError, type ConnectionLike } from '@temporalio/client';
import { EVENTS_VERSION, type EventsPage, type PlanAnswer, type RunEvent, type RunRecord } from '../journal/index.js';
import { createPayloadCodec } from './payload-codec.js';
import { hasBegun } from './run-begun.js';
import { sealedCalls } from './sealed-calls.js';

/** Milliseconds that a page of a record may take: for a closed run a worker first replays its whole history. */
const PAGE_DEADLINE_MS = 60_000;

/** What reading a run's record needs of a client. */
export type RecordClient = Client;

/** The record of a run, and whether it goes on. */
export interface ReadRecord extends RunRecord {
  open: boolean;
}

/** A client on a connection that is there already: a worker's own, say. */
export function recordClient(connection: ConnectionLike, namespace: string, signingKey?: string): RecordClient {
  return new Client({
    connection,
    namespace,
    dataConverter: { payloadCodecs: [createPayloadCodec(signingKey)] },
    ...(signingKey === undefined ? {} : { interceptors: { workflow: [sealedCalls()] } }),
  });
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
  // Of this execution, should another one take its id meanwhile.
  const execution = client.workflow.getHandle(runId, temporalRunId);
  const open = status.name === 'RUNNING';
  const fromOutside = status.name === 'TERMINATED' || status.name === 'TIMED_OUT';
  if (fromOutside && !(await hasBegun(client, runId, temporalRunId))) return undefined;
  try {
    const { about, plan } = await timed(client, () => execution.query<PlanAnswer>('plan'));
    const events = await readEventPages((after) =>
      timed(client, () => execution.query<EventsPage, [{ after: number }]>('events', { after })),
    );
    if (!open && events.at(-1)?.type !== 'run-finished') events.push(endFromOutside(events, status.name, closeTime));
    return { about, plan, events, open };
  } catch (error) {
    if (error instanceof QueryNotRegisteredError && !open) return undefined;
    throw error;
  }
}

async function readEventPages(ask: (after: number) => Promise<EventsPage>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for (;;) {
    const page = await ask(events.length);
    events.push(...page.events);
    if (page.events.length === 0 || events.length >= page.last_seq) return events;
  }
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
