import type { RetryPolicy } from './plan.js';

/** Failures that another try cannot mend, unless the step's `retry.on` names them. */
const NOT_RETRIED: readonly string[] = ['lost', 'budget_exceeded', 'question', 'escalated', 'rejected'];

/** Whether a failure is one that the policy tries again, as long as there are retries left. */
export function isRetried(
  policy: RetryPolicy,
  failure: { reason: string; exit_code?: number; retryable?: boolean },
): boolean {
  const { reason, exit_code: code, retryable } = failure;
  if (code !== undefined && policy.no_retry_exit_codes.includes(code)) return false;
  if (policy.on !== undefined) return policy.on.includes(reason);
  return retryable !== false && !NOT_RETRIED.includes(reason);
}

/** Seconds to wait after the `failed`-th failed execution. */
export function retryDelaySec(policy: RetryPolicy, failed: number): number {
  const factor = policy.backoff === 'exponential' ? 2 ** Math.min(failed - 1, 52) : 1;
  return Math.min(policy.delay_sec * factor, policy.max_delay_sec ?? Number.POSITIVE_INFINITY);
}
