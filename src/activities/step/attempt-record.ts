import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { EXECUTION_FACTS, knownFacts } from '../../contract/step-facts.js';
import type { FailedAttempt } from '../../contract/step-result.js';
import type { Execution, StepFailure } from './execution.js';
import type { StepFacts, StepFailureDetails, StepHeartbeat, StepSuccess } from '../../contract/step-task.js';
import { defined } from '../../basics/defined.js';

/** Failed attempts that travel along with a step. */
const MAX_ATTEMPTS = 50;
/** Characters of the message of each. */
const MESSAGE_CHARS = 200;

/** What travels in every heartbeat: Temporal keeps the last one for the next attempt. */
export function carried(
  execution: Execution,
): Pick<StepHeartbeat, 'failures' | 'first_started_at' | 'failed_attempts' | 'host' | 'detached'> {
  const { failures, firstStartedAt, failedAttempts, host, detached } = execution;
  return {
    failures,
    first_started_at: firstStartedAt,
    ...(failedAttempts.length === 0 ? {} : { failed_attempts: failedAttempts }),
    ...defined({ host }),
    ...(detached === 0 ? {} : { detached }),
  };
}

/** The failed attempts of a step with one more. */
export function withFailure(execution: Execution, { reason, message, facts }: StepFailure): FailedAttempt[] {
  const failed: FailedAttempt = {
    attempt: execution.attempt,
    started_at: execution.startedAt,
    finished_at: Date.now(),
    reason,
    message: message.slice(0, MESSAGE_CHARS),
    ...knownFacts(EXECUTION_FACTS, { ...facts, host: os.hostname() }),
  };
  return [...execution.failedAttempts, failed].slice(-MAX_ATTEMPTS);
}

/**
 * Runs an execution, adds to its end what the record of the run wants to know of it, and leaves the end beside the
 * logs as `result.json`: it is there as soon as the attempt is over, whatever becomes of the run.
 */
export async function recorded(execution: Execution, run: () => Promise<StepSuccess>): Promise<StepSuccess> {
  const more = (): Partial<StepFacts> => ({
    attempt: execution.attempt,
    finished_at: Date.now(),
    host: os.hostname(),
    ...(execution.failedAttempts.length === 0 ? {} : { failed_attempts: execution.failedAttempts }),
  });
  try {
    const result = { ...(await run()), ...more() };
    writeResult(execution, result.status, result);
    return result;
  } catch (error) {
    if (error instanceof CancelledFailure) {
      const facts = { ...(error.details?.[0] as Partial<StepFacts> | undefined), ...more() };
      writeResult(execution, 'canceled', facts);
      throw new CancelledFailure(error.message, [facts]);
    }
    if (error instanceof ApplicationFailure && error.type === 'StepFailed') {
      const details = error.details?.[0] as StepFailureDetails;
      writeResult(execution, 'failed', { ...details, ...more(), message: error.message });
    }
    throw error;
  }
}

function writeResult(execution: Execution, status: string, facts: Partial<StepFacts> & { message?: string }): void {
  const { log_dir, stdout_tail: _, stderr_tail: __, failed_attempts: ___, ...known } = facts;
  if (log_dir === undefined) return;
  const { run_id, step_id } = execution.task;
  const result = {
    run_id,
    step_id,
    status,
    ...known,
    started_at: new Date(execution.startedAt).toISOString(),
    finished_at: new Date(facts.finished_at ?? Date.now()).toISOString(),
  };
  try {
    writeFileSync(path.join(log_dir, 'result.json'), `${JSON.stringify(result, null, 2)}\n`, { mode: 0o600 });
  } catch {
    // A courtesy to readers: the step's end is what history says.
  }
}
