import { Context } from '@temporalio/activity';
import type { StartQuestion, SignatureVerdict } from '../contract/activities.js';
import { verifySignature } from '../temporal/signature.js';
import type { WorkerSigning } from '../temporal/signing.js';
import { SEAL_LIFE_MS } from '../temporal/used-seals.js';
import { executionOf } from './step/execution-info.js';

/** Makes the activity that says whether a workflow may begin; without a key every one may. */
export function createVerifyStart(
  signing: WorkerSigning | undefined,
): (asked: StartQuestion) => Promise<SignatureVerdict> {
  return async (asked) => {
    if (signing === undefined) return 'not_required';
    if ('seal' in asked) {
      const { seal, started_at: startedAt } = asked;
      const inTime = startedAt - seal.at <= SEAL_LIFE_MS;
      return inTime && signing.used.use(seal, executionOf(Context.current()).runId) ? 'signed' : 'refused';
    }
    const { signature, ...claim } = asked;
    return signature !== undefined && verifySignature(signing.key, claim, signature) ? 'signed' : 'refused';
  };
}
