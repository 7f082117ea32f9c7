import type { RetryPolicy } from './types.js';

/** Seconds to wait after the `failed`-th failed execution. */
export function retryDelaySec(policy: RetryPolicy, failed: number): number {
  const factor = policy.backoff === 'exponential' ? 2 ** Math.min(failed - 1, 52) : 1;
  return Math.min(policy.delay_sec * factor, policy.max_delay_sec ?? Number.POSITIVE_INFINITY);
}
