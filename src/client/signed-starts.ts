import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { signStart } from '../temporal/signature.js';
import { SIGNATURE_HEADER } from '../workflows/signature-header.js';

/** Signs every start of this client, of any workflow type: the embedded worker runs no other. */
export function signedStarts(key: string): WorkflowClientInterceptor {
  return {
    startWithDetails(input, next) {
      const { workflowType, options, headers } = input;
      const signature = signStart(key, {
        workflow_type: workflowType,
        workflow_id: options.workflowId,
        task_queue: options.taskQueue,
        args: options.args,
      });
      return next({
        ...input,
        headers: { ...headers, [SIGNATURE_HEADER]: defaultPayloadConverter.toPayload(signature) },
      });
    },
  };
}
