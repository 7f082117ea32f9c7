import type { FailedAttempt } from '../../engine/index.js';
import type { AgentStepContext, PieceReport } from './context.js';

/** Failed attempts that travel along with a step, and characters of the message of each. */
const MAX_ATTEMPTS = 50;
const MESSAGE_CHARS = 200;

/** The failed attempts of a step, one more among them. */
export function noted({ count, failed }: AgentStepContext['attempts'], report: PieceReport): FailedAttempt[] {
  const failure: FailedAttempt = {
    attempt: report.attempt ?? count,
    started_at: report.started_at ?? Date.now(),
    finished_at: report.finished_at ?? Date.now(),
    reason: report.reason ?? 'internal_error',
    message: (report.message ?? '').slice(0, MESSAGE_CHARS),
    ...(report.exit_code === undefined ? {} : { exit_code: report.exit_code }),
    ...(report.host === undefined ? {} : { host: report.host }),
    ...(report.log_dir === undefined ? {} : { log_dir: report.log_dir }),
  };
  return [...failed, failure].slice(-MAX_ATTEMPTS);
}
