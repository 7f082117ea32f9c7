import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import type { StepFailureDetails, StepHeartbeat } from '../../contract/step-task.js';
import type { StepReport } from '../../engine/index.js';
import { FORGED } from '../signing/answers.js';
import { defined } from '../../basics/defined.js';

/** How a step ended whose activity has failed. */
export function reportOf(error: unknown): StepReport {
  if (isCancellation(error)) return { status: 'canceled', attempts: 0, ...factsOf(error) };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && cause.type === 'StepFailed') {
    const { reason, ...facts } = detailsOf(cause);
    return { status: 'failed', attempts: 0, reason, message: cause.message, ...withoutDuration(facts) };
  }
  if (cause instanceof TimeoutFailure) {
    const { failed_attempts } = (cause.lastHeartbeatDetails ?? {}) as Partial<StepHeartbeat>;
    const message = `TimeoutFailure: ${cause.message}`;
    return { status: 'failed', attempts: 0, reason: 'lost', message, ...defined({ failed_attempts }) };
  }
  if (isForged(error)) {
    return { status: 'failed', attempts: 1, reason: 'forged', message: (cause as Error).message };
  }
  const known = cause instanceof Error ? cause : new Error(String(cause));
  const name = known instanceof ApplicationFailure ? (known.type ?? known.name) : known.name;
  return { status: 'failed', attempts: 1, reason: 'internal_error', message: `${name}: ${known.message}` };
}

/** A canceled step hands over what it had: its tails and where its logs are. */
function factsOf(error: unknown): Partial<StepReport> {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const details = (cause as { details?: unknown[] } | undefined)?.details?.[0];
  return typeof details === 'object' && details !== null ? withoutDuration(details) : {};
}

function detailsOf(failure: ApplicationFailure): StepFailureDetails {
  const details = failure.details?.[0] as StepFailureDetails | undefined;
  return details ?? { reason: 'internal_error' };
}

function withoutDuration(facts: Partial<StepFailureDetails>): Omit<Partial<StepReport>, 'status'> {
  const { duration_sec: _, reason: __, ...rest } = facts;
  return rest;
}

/** How often a worker is asked again what became of steps, where somebody else has answered in its place. */
export const MAX_FORGERIES = 3;

/** Somebody else has answered in the worker's place. */
export function isForged(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure && cause.type === FORGED;
}

/** How a step ends whose templates, or whose list, could not be worked out. */
export function notWorkedOut(error: unknown): StepReport {
  if (isCancellation(error)) return { status: 'canceled', attempts: 0 };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { status: 'failed', reason: 'expression_error', message, attempts: 0 };
}
