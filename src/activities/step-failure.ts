import { ApplicationFailure, Context } from '@temporalio/activity';
import type { StepReason } from '../engine/types.js';
import type { RetryPolicy } from '../plan/types.js';
import type { StepFacts, StepFailureDetails, StepHeartbeat, StepTask } from './types.js';

/** Failures that another try cannot mend, unless the step's `retry.on` names them. */
const NOT_RETRIED: readonly StepReason[] = ['lost'];
/** Temporal takes a delay of zero for "as the policy says", which is a second. */
const MIN_DELAY_MS = 1;

export interface StepFailure {
  reason: StepReason;
  message: string;
  facts?: Partial<StepFacts>;
}

/**
 * Ends an execution as failed: to be tried again while retries remain, else for good.
 *
 * @throws ApplicationFailure of type `StepFailed`, always.
 */
export function failStep(task: StepTask, failures: number, failure: StepFailure): never {
  const failed = failure.reason === 'lost' ? failures : failures + 1;
  const details: StepFailureDetails = { ...failure.facts, attempts: Math.max(failed, 1), reason: failure.reason };
  const again = failed <= task.retry.retries && mayRetry(task.retry, failure);
  // The count travels in heartbeats, so that the next attempt knows which of Temporal's attempts really failed.
  if (again) Context.current().heartbeat({ failures: failed } satisfies StepHeartbeat);
  const error = ApplicationFailure.create({
    type: 'StepFailed',
    message: failure.message,
    nonRetryable: !again,
    details: [details],
    ...(again ? { nextRetryDelay: Math.max(MIN_DELAY_MS, Math.round(retryDelaySec(task.retry, failed) * 1000)) } : {}),
  });
  error.stack = ''; // a step's failure is no fault of this code, and the Web UI would show the stack above the message
  throw error;
}

function mayRetry(policy: RetryPolicy, failure: StepFailure): boolean {
  const code = failure.facts?.exit_code;
  if (code !== undefined && policy.no_retry_exit_codes.includes(code)) return false;
  return policy.on === undefined ? !NOT_RETRIED.includes(failure.reason) : policy.on.includes(failure.reason);
}

/** Seconds to wait after the `failed`-th failed execution. */
export function retryDelaySec(policy: RetryPolicy, failed: number): number {
  const factor = policy.backoff === 'exponential' ? 2 ** Math.min(failed - 1, 52) : 1;
  return Math.min(policy.delay_sec * factor, policy.max_delay_sec ?? Number.POSITIVE_INFINITY);
}
