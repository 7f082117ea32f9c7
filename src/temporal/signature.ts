import { createHmac, timingSafeEqual } from 'node:crypto';
import type { StartClaim } from '../contract/activities.js';

/** HMAC-SHA-256 of a start, hex. */
function signStart(key: string, claim: StartClaim): string {
  return createHmac('sha256', key).update(canonical(claim)).digest('hex');
}

/** Whether `signature` is that of the claim. Takes as long for a nearly right one as for any other. */
export function verifySignature(key: string, claim: StartClaim, signature: string): boolean {
  const given = Buffer.from(signature, 'utf8');
  const wanted = Buffer.from(signStart(key, claim), 'utf8');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Both sides see values that went through JSON, which keeps the order of keys; so JSON is canonical here. */
function canonical(claim: StartClaim): string {
  return JSON.stringify([
    claim.workflow_type,
    claim.workflow_id,
    claim.task_queue,
    JSON.parse(JSON.stringify(claim.args)),
  ]);
}
