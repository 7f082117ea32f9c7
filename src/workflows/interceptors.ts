import type { WorkflowInterceptors } from '@temporalio/workflow';
import { detailsInterceptors } from './current-details.js';
import { signedStartInterceptors } from './signed-start.js';

/** What Temporal's bundle loads for every workflow type. */
export function interceptors(): WorkflowInterceptors {
  return { inbound: [...(signedStartInterceptors.inbound ?? []), ...(detailsInterceptors.inbound ?? [])] };
}
