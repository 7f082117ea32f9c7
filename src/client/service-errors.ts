import {
  isGrpcDeadlineError,
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Connection,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { OrchError } from './errors.js';

// Codes of gRPC, as its specification numbers them.
const DEADLINE_EXCEEDED: number = 4;
const NOT_FOUND: number = 5;
const FAILED_PRECONDITION: number = 9;
const UNAVAILABLE: number = 14;

/** Runs `call` with an end: while no worker polls, queries and updates would wait for ever. */
export function withDeadline<T>(connection: Connection, ms: number, call: () => Promise<T>): Promise<T> {
  return connection.withDeadline(Date.now() + ms, call);
}

/** True for an outage that may pass. */
export function isOutage(error: unknown): boolean {
  if (!isGrpcServiceError(error)) return false;
  const code: number = error.code;
  return code === UNAVAILABLE;
}

/** Says in orch's words what a call to the service threw; what it does not know it hands back as it is. */
export function asOrchError(error: unknown, runId?: string): unknown {
  if (error instanceof OrchError) return error;
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    if (error.cause.type === 'Refused') return new OrchError('refused', error.cause.message);
  }
  if (error instanceof WorkflowNotFoundError) return notFound(error.message, runId);
  if (isGrpcDeadlineError(error) || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return noWorker(error);
  if (!isGrpcServiceError(error)) return error;
  const code: number = error.code;
  switch (code) {
    case NOT_FOUND:
      return notFound(error.details, runId);
    case DEADLINE_EXCEEDED:
    case FAILED_PRECONDITION: // "no poller seen for task queue recently"
      return noWorker(error);
    case UNAVAILABLE:
      return new OrchError('service_unreachable', 'The Temporal service does not answer', {
        hint: 'on the embedded service `orch up` starts it again; `orch doctor` tells more',
        cause: error,
      });
    default:
      return error;
  }
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
  if (/already completed/i.test(details)) return runClosed(runId);
  return new OrchError('run_not_found', `There is no run '${runId}'`, { hint: '`orch list` shows the runs' });
}

function noWorker(cause: unknown): OrchError {
  return new OrchError('no_worker', 'No worker answered', {
    hint: 'start one: `orch up` for the embedded service, else `orch worker`',
    cause,
  });
}
