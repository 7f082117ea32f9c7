import type { StopReason } from './types.js';

const WATCHED: readonly unknown[] = ['stalled', 'lingered', 'budget'] satisfies StopReason[];

/** Why a process is stopped whose signal to cancel has come. */
export function cancelReasonOf(signal: AbortSignal, fallback: StopReason = 'canceled'): StopReason {
  const reason: unknown = signal.reason;
  return WATCHED.includes(reason) ? (reason as StopReason) : fallback;
}
