import { ApplicationFailure, CompleteAsyncError, Context } from '@temporalio/activity';
import { TemporalFailure } from '@temporalio/common';
import { isFromService } from '../../temporal/from-service.js';
import { boundedMessage } from './step-failure.js';
import type { StepFailureDetails } from '../../contract/step-task.js';
import { withoutStack } from '../../basics/without-stack.js';

/** An activity, whatever it takes and gives. */
type Activity<A extends unknown[], R> = (...args: A) => Promise<R>;

/**
 * Makes an activity end at once with what nobody expected, in its words. Temporal takes any other error for a lost
 * worker's, and tries again: for ever, or as often as a step survives lost workers.
 */
export function endingUnexpected<A extends unknown[], R>(activity: Activity<A, R>): Activity<A, R> {
  return async (...args) => {
    try {
      return await activity(...args);
    } catch (error) {
      if (isExpected(error)) throw error;
      noteUnexpected(error);
      throw unexpectedFailure(error);
    }
  };
}

/** What an activity means to throw, or what the service said to it: that may be otherwise at the next attempt. */
export function isExpected(error: unknown): boolean {
  return error instanceof TemporalFailure || error instanceof CompleteAsyncError || isFromService(error);
}

/** The worker's log has the place, which a step's failure has not. */
export function noteUnexpected(error: unknown): void {
  Context.current().log.error('An activity failed with an unexpected error', { error });
}

/** True for what the operating system said: no such file, no room, no permission. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function unexpectedFailure(error: unknown): ApplicationFailure {
  const details: StepFailureDetails = { reason: 'internal_error', attempts: 1 };
  // the log has it
  return withoutStack(
    ApplicationFailure.create({
      type: 'StepFailed',
      message: boundedMessage(String(error)),
      nonRetryable: true,
      details: [details],
    }),
  );
}
