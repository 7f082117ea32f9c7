import type { FailedAttempt } from '../../engine/index.js';
import type { AgentStepContext, PieceReport } from './context.js';
import { defined } from '../../basics/defined.js';

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
    ...defined({ exit_code: report.exit_code, host: report.host, log_dir: report.log_dir }),
  };
  return [...failed, failure].slice(-MAX_ATTEMPTS);
}
