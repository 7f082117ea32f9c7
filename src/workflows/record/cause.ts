import { ActivityFailure } from '@temporalio/workflow';

/** What an activity failed with: Temporal wraps it in words that say nothing. */
export function causeOf(error: unknown): Error {
  if (error instanceof ActivityFailure && error.cause !== undefined) return error.cause;
  return error instanceof Error ? error : new Error(String(error));
}
