import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Connection } from '@temporalio/client';
import type { EventsPage, RunEvent } from '../journal/index.js';
import { eventsQuery } from '../contract/run-messages.js';
import { OrchError } from './errors.js';
import { sealedUpdate } from './sealed-update.js';
import { isOfClosed, isOfFailedTask, onceItAnswers, withDeadline } from './service-errors.js';

/** Milliseconds that a steering verb waits for a worker to answer, unless the client says otherwise. */
const ANSWER_MS = 10_000;
/** Milliseconds that a look for it may take. */
const QUERY_MS = 2_000;
/** Tries of an update that meets closed histories, or failed tasks, of an open run. */
const MOST_HISTORIES = 10;
/** Milliseconds between two looks for the answer to a signal. */
const LOOK_MS = 100;

/** Bytes of a steering request. The service takes 2 MB, and fails above in words that say nothing of it. */
const MAX_VERB_BYTES = 128 * 1024;

/** Where a verb goes. */
export interface Receiver {
  client: Client;
  connection: Connection;
  /** Workflow id. */
  id: string;
  /** Set for the embedded service only, where every verb is sealed. */
  signing: object | undefined;
  /** Milliseconds that a verb waits for a worker to answer; default 10,000. */
  answerMs?: number;
}

/** A verb, and what is sent along with it. */
export interface Sent {
  verb: string;
  given: object;
  /** Who sends it, unless `given` says so. */
  by?: string;
}

/**
 * Sends a verb as an update, whose answer says what came of it. A workflow that has not begun to listen is asked again:
 * the id is that of the request, so that none is taken in twice.
 *
 * @throws OrchError `refused` for a request that is too large; else as {@link sealedUpdate}. `isUpdateLimit` tells where
 * the service takes no more updates of this execution.
 */
export async function sendUpdate<T>(receiver: Receiver, sent: Sent): Promise<T> {
  refuseLarge(sent);
  const { client, connection, id, signing, answerMs = ANSWER_MS } = receiver;
  const request = { name: sent.verb, given: withSender(sent), updateId: randomUUID() };
  const send = sealedUpdate<T>(client, id, request, signing);
  return throughHistories(client, id, () => onceItAnswers(() => withDeadline(connection, answerMs, send)));
}

/**
 * Sends again what met a run just as it went on in a new history: the one before did not take it in any more, or the task
 * with which it would have ended failed. A run that
 * hears it twice all the same, as its answer got lost, takes it in once.
 */
async function throughHistories<T>(client: Client, id: string, send: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await send();
    } catch (error) {
      const again = isOfFailedTask(error) || isOfClosed(error);
      if (tried >= MOST_HISTORIES || !again || !(await isOpen(client, id))) throw error;
      await sleep(LOOK_MS);
    }
  }
}

async function isOpen(client: Client, id: string): Promise<boolean> {
  const { status } = await client.workflow.getHandle(id).describe();
  return status.name === 'RUNNING';
}

/**
 * Sends a verb to a run as a signal, which has no answer of its own, and finds in the run's record what came of it.
 *
 * @throws OrchError `refused` with the reason.
 */
export async function sendSignal(receiver: Receiver, sent: Sent): Promise<void> {
  refuseLarge(sent);
  const { verb, given } = sent;
  const { client, connection, id, answerMs = ANSWER_MS } = receiver;
  const handle = client.workflow.getHandle(id);
  const before = await eventsAfter(receiver, Number.MAX_SAFE_INTEGER);
  await withDeadline(connection, answerMs, () => handle.signal(verb, withSender(sent)));
  const end = Date.now() + answerMs;
  for (let seen = before.last_seq; Date.now() < end; await sleep(LOOK_MS)) {
    const { events } = await eventsAfter(receiver, seen);
    const answer = events.find((event) => isAnswer(event, verb, given));
    if (answer?.accepted === false) throw new OrchError('refused', answer.message ?? 'The run refused the request');
    if (answer !== undefined) return;
    seen += events.length;
  }
  throw new OrchError('no_worker', 'The request was sent as a signal, and no worker has processed it yet', {
    hint: 'it is kept until a worker runs: `orch up` for the embedded service, else `orch worker`',
  });
}

type Answer = Extract<RunEvent, { type: 'operator-request' }>;

function isAnswer(event: RunEvent, verb: string, given: object): event is Answer {
  if (event.type !== 'operator-request' || event.via !== 'signal' || event.verb !== verb) return false;
  return event.step === (given as { step?: unknown }).step;
}

function eventsAfter({ client, connection, id }: Receiver, after: number): Promise<EventsPage> {
  return onceItAnswers(() =>
    withDeadline(connection, QUERY_MS, () => client.workflow.getHandle(id).query(eventsQuery, { after })),
  );
}

function withSender({ given, by }: Sent): object {
  return by === undefined ? given : { by, ...given };
}

function refuseLarge({ verb, given }: Sent): void {
  const bytes = Buffer.byteLength(JSON.stringify(given));
  if (bytes <= MAX_VERB_BYTES) return;
  throw new OrchError('refused', `Cannot ${verb}: the request has ${bytes} bytes, more than ${MAX_VERB_BYTES}`, {
    hint: 'put long texts into a file that the steps read, and name it',
  });
}
