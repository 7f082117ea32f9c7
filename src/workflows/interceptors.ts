import type { WorkflowInterceptors } from '@temporalio/workflow';
import { signedStartInterceptor } from './signed-start.js';

/** What Temporal's bundle loads for every workflow type. */
export function interceptors(): WorkflowInterceptors {
  return { inbound: [signedStartInterceptor] };
}
