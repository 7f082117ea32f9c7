import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { isRetried, retryDelaySec } from '../../plan/model/retry-policy.js';
import { carried, withFailure } from './attempt-record.js';
import type { StepFacts, StepFailureDetails, StepHeartbeat } from '../../contract/step-task.js';
import type { Execution, StepFailure } from './execution.js';
import { defined } from '../../basics/defined.js';
import { plainMessage } from '../../basics/plain-message.js';
import { withoutStack } from '../../basics/without-stack.js';

/** Temporal takes a delay of zero for "as the policy says", which is a second. */
const MIN_DELAY_MS = 1;
/** Until another worker may take a step over: the one that stops polls for a moment yet. */
const DETACHED_DELAY_MS = 250;

/**
 * Ends an execution as failed: to be tried again while retries remain, else for good.
 *
 * @throws ApplicationFailure of type `StepFailed`, always.
 */
export function failStep(execution: Execution, failure: StepFailure): never {
  const { task, failures } = execution;
  const failed = failure.reason === 'lost' ? failures : failures + 1;
  const failedAttempts = withFailure(execution, failure);
  const attempts = (task.attempts_before ?? 0) + Math.max(failed, 1);
  const details: StepFailureDetails = { ...failure.facts, attempts, reason: failure.reason };
  const delaySec = Math.max(retryDelaySec(task.retry, failed), failure.retryAfterSec ?? 0);
  const again =
    failed <= task.retry.retries && isRetried(task.retry, triedAgain(failure)) && timeIsLeft(execution, delaySec);
  // The count travels in heartbeats, so that the next attempt knows which of Temporal's attempts really failed.
  if (again) {
    const next = { ...execution, failures: failed, failedAttempts };
    Context.current().heartbeat(carried(next) satisfies StepHeartbeat);
  }
  // a step's failure is no fault of this code, and the Web UI would show the stack above the message
  throw withoutStack(
    ApplicationFailure.create({
      type: 'StepFailed',
      message: boundedMessage(plainMessage(failure.message)),
      nonRetryable: !again,
      // The server cuts what it keeps of a failure that is tried again.
      details: [again ? details : { ...details, failed_attempts: failedAttempts }],
      ...(again ? { nextRetryDelay: Math.max(MIN_DELAY_MS, Math.round(delaySec * 1000)) } : {}),
    }),
  );
}

/** Characters of a failure's message. The report of an attempt with more than 4 MB never arrives. */
const MAX_MESSAGE = 8 * 1024;

/** A message that fits whatever an agent, a server or a library has put into it. */
export function boundedMessage(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}…`;
}

/** What an execution throws that was stopped from outside: on request it is canceled, else the worker goes. */
export function stopped(execution: Execution, facts: StepFacts): Error {
  return isWantedStop() ? new CancelledFailure('The step was stopped', [facts]) : detached(execution);
}

/** Whether it is this attempt that is to end, and not only the worker's part in it. */
export function isWantedStop(): boolean {
  const { cancellationDetails } = Context.current();
  return cancellationDetails?.cancelRequested === true || cancellationDetails?.notFound === true;
}

/** What an execution throws that goes on without its worker: the next attempt takes over. */
export function detached(execution: Execution): Error {
  Context.current().heartbeat(carried({ ...execution, detached: execution.detached + 1 }) satisfies StepHeartbeat);
  return withoutStack(
    ApplicationFailure.create({
      type: 'WorkerStopped',
      message: 'The worker stopped; the next one continues this step',
      nextRetryDelay: DETACHED_DELAY_MS,
    }),
  );
}

function triedAgain({ reason, retryable, facts }: StepFailure): Parameters<typeof isRetried>[1] {
  return {
    reason,
    ...defined({ exit_code: facts?.exit_code, retryable }),
  };
}

/** Another attempt that would end before it starts is none. */
function timeIsLeft({ task, firstStartedAt }: Execution, delaySec: number): boolean {
  if (task.max_duration_sec === 'none') return true;
  return Date.now() - firstStartedAt + delaySec * 1000 < task.max_duration_sec * 1000;
}
