import { createHmac } from 'node:crypto';

/** Names of the headers of a message. */
export const HEADERS = {
  event: 'orch-event',
  timestamp: 'orch-timestamp',
  signature: 'orch-signature',
  key: 'idempotency-key',
} as const;

/**
 * Signs a message, by HMAC-SHA256 over `<timestamp>.<body>`. The time is part of it so that nobody can send an old message
 * again.
 *
 * @param timestamp seconds since the epoch
 * @returns `v1=` and the signature in hex: a later form would stand beside it, with another name
 */
export function signatureOf(key: string, timestamp: number, body: string): string {
  return `v1=${createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex')}`;
}
