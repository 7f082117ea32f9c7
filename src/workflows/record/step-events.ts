import type { AttemptFacts, RunEventBody } from '../../contract/events.js';
import { EXECUTION_FACTS, knownFacts, RESULT_FACTS } from '../../contract/step-facts.js';
import type { ExecutionFacts, ResultFacts, StepReport } from '../../contract/step-result.js';
import type { StepState } from '../../engine/index.js';
import { defined } from '../../basics/defined.js';

/** Of which step, or which instance of it, an event is. */
interface About {
  step: string;
  instance?: number;
}

type Ended = Pick<StepState, 'status' | 'reason' | 'message' | 'report' | 'by'>;

/** The executions of a step that failed. Retries leave no trace in history, so they come with the step's end. */
export function attemptEvents(about: About, report: StepReport): RunEventBody[] {
  const failed = failedAttempts(report);
  return failed.flatMap((facts, i): RunEventBody[] => {
    const event: RunEventBody = { type: 'step-attempt-failed', ...about, ...facts };
    const next = failed[i + 1]?.attempt ?? (report.status === 'failed' ? undefined : nextAttempt(report, facts));
    return next === undefined ? [event] : [event, { type: 'step-retry', ...about, attempt: next }];
  });
}

/**
 * The end of a step, or of an instance of one.
 *
 * @param ran whether the report is of an execution of this very step, so that its last attempt is told, too
 */
export function endEvent(about: About, ended: Ended, ran: boolean): RunEventBody {
  const { status, report } = ended;
  const reason = ended.reason ?? report?.reason;
  const message = ended.message ?? report?.message;
  const end = {
    ...about,
    ...defined({ reason, message, by: ended.by, attempts: report?.attempts }),
    ...(ran && report !== undefined && lastAttempt(report)),
    ...(report !== undefined && resultOf(report, status !== 'success')),
  };
  switch (status) {
    case 'success':
    case 'warning':
      return { type: 'step-succeeded', ...end, status };
    case 'skipped':
      return { type: 'step-skipped', ...end };
    case 'canceled':
      return { type: 'step-canceled', ...end };
    default:
      return { type: reason === 'timeout' ? 'step-timed-out' : 'step-failed', ...end };
  }
}

/** Results of older workers tell of the last failure only. */
function failedAttempts(report: StepReport): AttemptFacts[] {
  if (report.failed_attempts !== undefined) {
    return report.failed_attempts.map(({ log_dir, started_at, finished_at, ...facts }) => ({
      ...facts,
      started_at: isoTime(started_at),
      finished_at: isoTime(finished_at),
      ...logDir(log_dir),
    }));
  }
  if (report.status !== 'failed' || report.attempts === 0) return [];
  const { reason, message } = report;
  const { exit, ...execution } = executionOf(report);
  return [{ ...execution, ...defined({ reason, message }), ...exit }];
}

/** The attempt after the last failed one: the one that ended otherwise, where there was one. */
function nextAttempt(report: StepReport, failed: AttemptFacts): number | undefined {
  return report.attempt !== undefined && report.attempt > failed.attempt ? report.attempt : undefined;
}

/** The execution that ended well or was stopped. One that failed is told as a failed attempt. */
function lastAttempt(report: StepReport): { attempt?: AttemptFacts } {
  if (report.status === 'failed' || report.log_dir === undefined) return {};
  const { exit, ...execution } = executionOf(report);
  return { attempt: { ...execution, ...exit } };
}

/** Which execution it was, when and where; `exit` has what else is known of it. */
function executionOf(report: StepReport): AttemptFacts & { exit: Partial<ExecutionFacts> } {
  const { host, log_dir, ...exit } = knownFacts(EXECUTION_FACTS, report);
  return {
    attempt: report.attempt ?? Math.max(report.attempts, 1),
    ...(report.started_at !== undefined && { started_at: isoTime(report.started_at) }),
    ...(report.finished_at !== undefined && { finished_at: isoTime(report.finished_at) }),
    ...defined({ host }),
    ...logDir(log_dir),
    exit,
  };
}

/** Tails stay out of a success: its logs have them. */
function resultOf(report: StepReport, withTails: boolean): Partial<ResultFacts> {
  const { stdout_tail, stderr_tail, ...result } = knownFacts(RESULT_FACTS, report);
  if (!withTails) return result;
  return {
    ...defined({ stdout_tail, stderr_tail }),
    ...result,
  };
}

/** `…/runs/<run>/steps/<step>/<attempt>` as it stands in the folder of the run. */
function logDir(absolute: string | undefined): { log_dir?: string } {
  if (absolute === undefined) return {};
  return { log_dir: absolute.split(/[\\/]/).slice(-3).join('/') };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
