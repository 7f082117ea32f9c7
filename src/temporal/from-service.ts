import { isGrpcServiceError } from '@temporalio/client';

/** What Temporal's client throws that is about the service, or a workflow there, or its own connection. */
const NAMES: ReadonlySet<string> = new Set([
  'ServiceError',
  'WorkflowNotFoundError',
  'WorkflowExecutionAlreadyStartedError',
  'QueryNotRegisteredError',
  'QueryRejectedError',
  'IllegalStateError',
  'TransportError',
]);

/** Whether an error came from a call to the service: an outage may pass, a workflow may answer later. */
export function isFromService(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return NAMES.has(error.name) || isGrpcServiceError(error) || isGrpcServiceError(error.cause);
}
