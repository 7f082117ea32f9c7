import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers, WorkflowClientInterceptor } from '@temporalio/client';
import { SIGNATURE_HEADER } from '../workflows/signature-header.js';
import { signStart } from './signature.js';

/** Signs every start of a client, of any workflow type: the embedded worker runs no other. */
export function signedStarts(key: string): WorkflowClientInterceptor {
  return {
    startWithDetails: (input, next) => next({ ...input, headers: signed(key, input) }),
    signalWithStart: (input, next) => next({ ...input, headers: signed(key, input) }),
  };
}

interface Start {
  workflowType: string;
  headers: Headers;
  options: { workflowId: string; taskQueue: string; args: unknown[] };
}

function signed(key: string, { workflowType, options, headers }: Start): Headers {
  const signature = signStart(key, {
    workflow_type: workflowType,
    workflow_id: options.workflowId,
    task_queue: options.taskQueue,
    args: options.args,
  });
  return { ...headers, [SIGNATURE_HEADER]: defaultPayloadConverter.toPayload(signature) };
}
