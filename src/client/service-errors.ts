import { setTimeout as sleep } from 'node:timers/promises';
import {
  isGrpcDeadlineError,
  isGrpcServiceError,
  QueryNotRegisteredError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Connection,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { ForgedError } from '../temporal/forged.js';
import { OrchError } from './errors.js';

// Codes of gRPC, as its specification numbers them.
const CANCELLED: number = 1;
const UNKNOWN: number = 2;
const DEADLINE_EXCEEDED: number = 4;
const NOT_FOUND: number = 5;
const RESOURCE_EXHAUSTED: number = 8;
const FAILED_PRECONDITION: number = 9;
const ABORTED: number = 10;
const INTERNAL: number = 13;
const UNAVAILABLE: number = 14;
/** What calls end with while a server goes down or comes up; the connection mends itself. */
const OUTAGES: readonly number[] = [CANCELLED, UNKNOWN, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE];

/** Milliseconds between two tries of a call: the first, and the most. */
const RETRY_MS = { first: 100, most: 2000 };
/** How long a workflow may take to answer: with the pauses about five seconds. */
const BEGIN = { tries: 50, pauseMs: 100 };
/** Tries of a call in all; with the pauses above about ten seconds. */
const TRIES = 9;

/** An error that comes as late as the deadline, or so much before, is the deadline's. Milliseconds. */
const AT_DEADLINE_MS = 100;

/**
 * Runs `call` with an end: while no worker polls, queries and updates would wait for ever.
 *
 * The deadline travels with the call, and the service ends it then, too. On a busy machine its word may be the one that is
 * heard, which is that of an outage: a stream was reset, a call canceled.
 *
 * @throws OrchError `no_worker` for such an end; all else as it is
 */
export async function withDeadline<T>(
  connection: Pick<Connection, 'withDeadline'>,
  ms: number,
  call: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + ms;
  try {
    return await connection.withDeadline(deadline, call);
  } catch (error) {
    if (isOutage(error) && Date.now() >= deadline - AT_DEADLINE_MS) throw noWorker(error);
    throw error;
  }
}

/** True for an outage that may pass. */
export function isOutage(error: unknown): boolean {
  const code = grpcCode(error);
  return code !== undefined && OUTAGES.includes(code);
}

/**
 * Calls the service again where an outage ended the call.
 *
 * The SDK's own retries are switched off: they go on in a timer after a connection was closed, and throw there.
 *
 * @param patient false for a call that is made once all the same
 */
export async function throughOutages<T>(call: () => Promise<T>, patient = true): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await call();
    } catch (error) {
      if (!patient || tried >= TRIES || !isOutage(error)) throw error;
      await sleep(Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (tried - 1)));
    }
  }
}

/**
 * Asks a workflow again that cannot answer yet. One that has only just been started has to begin: its first workflow task
 * checks the start's signature, and on a busy machine a query may come in between. And the service keeps one query waiting
 * for a workflow that is at work (`consistent query buffer is full`): where two ask at once, one has to come again.
 *
 * @param mayBegin asked once whether a workflow that does not answer will ever begin
 */
export async function onceItAnswers<T>(
  query: () => Promise<T>,
  mayBegin: () => Promise<boolean> = async () => true,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await query();
    } catch (error) {
      const later = hasNotBegun(error) || grpcCode(error) === RESOURCE_EXHAUSTED;
      if (tried >= BEGIN.tries || !later) throw error;
      if (tried === 1 && hasNotBegun(error) && !(await mayBegin())) throw error;
      await sleep(BEGIN.pauseMs);
    }
  }
}

/** True where a workflow does not answer yet, or never will: it is of another type, or ended before it began. */
function hasNotBegun(error: unknown): boolean {
  if (error instanceof QueryNotRegisteredError) return !isRefusedQuery(error);
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  return cause instanceof ApplicationFailure && cause.message.startsWith('No registered handler for update');
}

/** The SDK calls every failed query so, also one that a run has answered: that it has no such step. */
function isRefusedQuery({ message }: QueryNotRegisteredError): boolean {
  return message.startsWith('The plan has no step');
}

/** True where the service takes no more updates of one execution: 2,000 where it is not set otherwise. */
export function isUpdateLimit(error: unknown): boolean {
  return grpcCode(error) === FAILED_PRECONDITION && /number of distinct updates/.test(grpcDetails(error));
}

/** True where an execution has closed, or closes, and takes nothing any more. The run may go on in another one. */
export function isOfClosed(error: unknown): boolean {
  const code = grpcCode(error);
  return error instanceof WorkflowNotFoundError || code === ABORTED || code === NOT_FOUND;
}

/**
 * True for an update whose workflow task failed, as one does that would go on in a new history just when something else
 * has come in. The service tries the task again, but gives up on the updates that it had with it.
 */
export function isOfFailedTask(error: unknown): boolean {
  return grpcCode(error) === FAILED_PRECONDITION && /unexpected workflow task failure/.test(grpcDetails(error));
}

/** Says in orch's words what a call to the service threw; what it does not know it hands back as it is. */
export function asOrchError(error: unknown, runId?: string): unknown {
  if (error instanceof OrchError) return error;
  if (error instanceof ForgedError) {
    return new OrchError('forged', error.message, {
      hint: 'trust nothing that this service says until you know who it is; the logs in the run folder are genuine',
      cause: error,
    });
  }
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    if (error.cause.type === 'Refused') return new OrchError('refused', error.cause.message);
  }
  if (error instanceof WorkflowNotFoundError) return notFound(error.message, runId);
  if (isGrpcDeadlineError(error) || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return noWorker(error);
  if (error instanceof QueryNotRegisteredError && isRefusedQuery(error)) return new OrchError('refused', error.message);
  // By then it has been asked often enough to have begun.
  if (hasNotBegun(error)) {
    return new OrchError('run_not_found', `'${runId ?? 'it'}' is not a run of a plan`, {
      hint: '`orch list` shows the runs, `orch loop list` the loops',
    });
  }
  if (isUpdateLimit(error) || /limit for signal events/.test(grpcDetails(error))) return tooMany(error, runId);
  const code = grpcCode(error);
  // The service keeps one query and ten updates of a run for a worker that does not come.
  const waiting = /query buffer is full|in-flight updates/.test(grpcDetails(error));
  if (code === RESOURCE_EXHAUSTED && waiting) return noWorker(error);
  if (code === NOT_FOUND) return notFound((error as Error).message, runId);
  if (code === FAILED_PRECONDITION && /failed state/i.test(messagesOf(error))) return stuck(runId);
  // FAILED_PRECONDITION is otherwise "no poller seen for task queue recently".
  if (code === DEADLINE_EXCEEDED || code === FAILED_PRECONDITION) return noWorker(error);
  if (isOutage(error)) {
    return new OrchError('service_unreachable', 'The Temporal service does not answer', {
      hint: 'on the embedded service `orch up` starts it again; `orch doctor` shows more',
      cause: error,
    });
  }
  return error;
}

/** The client wraps some of gRPC's errors and throws others as they are. */
function grpcCode(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}

function grpcDetails(error: unknown): string {
  const known = isGrpcServiceError(error) ? error : error instanceof Error ? error.cause : undefined;
  return isGrpcServiceError(known) ? known.details : '';
}

/** A verb came too late. */
export function runClosed(runId: string, status?: string): OrchError {
  return new OrchError(
    'run_closed',
    `The run '${runId}' has already ended${status === undefined ? '' : `: ${status}`}`,
    {
      hint: `\`orch status ${runId}\` shows how`,
    },
  );
}

function notFound(details: string, runId = ''): OrchError {
  if (/already completed|closing workflow/i.test(details)) return runClosed(runId);
  return new OrchError('run_not_found', `There is no run '${runId}'`, { hint: '`orch list` shows the runs' });
}

function tooMany(cause: unknown, runId = ''): OrchError {
  return new OrchError(
    'too_many_requests',
    `'${runId}' has had as many requests as Temporal allows for one execution`,
    {
      hint: `a cancel is always accepted: \`orch cancel ${runId}\`, and for a run \`orch rerun ${runId}\` then continues where it was; a loop accepts requests again after the current turn`,
      cause,
    },
  );
}

/** A run whose workflow tasks fail: it was parked, or this version of the code cannot go on with it. */
export function stuck(runId = '', why?: string): OrchError {
  const said = why === undefined ? '' : `: ${why}`;
  return new OrchError(
    'run_stuck',
    `The run '${runId}' makes no progress: its worker fails to decide what comes next${said}`,
    {
      hint: 'the log of the worker says more; other runs continue',
    },
  );
}

/** There is a worker, and it has not answered in time: it replays a long history, or decides for very many steps. */
export function busy(runId: string, cause: unknown): OrchError {
  return new OrchError('run_busy', `The run '${runId}' has not answered in time: its worker is busy`, {
    hint: 'a long history takes a worker some time to read, once; ask again in a moment',
    cause,
  });
}

function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`;
}

function noWorker(cause: unknown): OrchError {
  return new OrchError('no_worker', 'No worker answered', {
    hint: 'start one: `orch up` for the embedded service, else `orch worker`',
    cause,
  });
}
