import { verifySignature, type StartClaim } from '../temporal/signature.js';

export type StartVerdict = 'signed' | 'not_required' | 'refused';

/** Makes the activity that checks a start's signature against `key`; without a key every start is taken. */
export function createVerifyStart(
  key: string | undefined,
): (claim: StartClaim & { signature?: string }) => Promise<StartVerdict> {
  return async ({ signature, ...claim }) => {
    if (key === undefined) return 'not_required';
    return signature !== undefined && verifySignature(key, claim, signature) ? 'signed' : 'refused';
  };
}
