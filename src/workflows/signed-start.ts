import {
  ApplicationFailure,
  CancellationScope,
  proxyLocalActivities,
  workflowInfo,
  type WorkflowInboundCallsInterceptor,
} from '@temporalio/workflow';
import type { Payload } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Activities } from '../activities/index.js';
import { SIGNATURE_HEADER } from './signature-header.js';

const { verifyStart } = proxyLocalActivities<Pick<Activities, 'verifyStart'>>({ startToCloseTimeout: '10 seconds' });

/**
 * Lets a workflow of any type begin only if its start was signed, where the worker asks for signatures.
 *
 * The embedded dev server's HTTP interface takes requests from any web page, and a plan runs commands. Exempt are
 * children and runs continued as new, known by what Temporal itself says of them. A cron's or a retry's later run
 * says "continued" too, though its first one may have been refused: those are checked like a first one.
 *
 * A cancel does not end the check: a workflow that was canceled before it began has a record, and its own way to end.
 */
export const signedStartInterceptor: WorkflowInboundCallsInterceptor = {
  async execute(input, next) {
    const info = workflowInfo();
    const continued = info.continuedFromExecutionRunId !== undefined && !info.cronSchedule && info.attempt === 1;
    if (info.parent === undefined && !continued) {
      const verdict = await CancellationScope.nonCancellable(() =>
        verifyStart({
          workflow_type: info.workflowType,
          workflow_id: info.workflowId,
          task_queue: info.taskQueue,
          args: input.args,
          signature: signatureOf(input.headers[SIGNATURE_HEADER]),
        }),
      );
      if (verdict === 'refused') throw unsigned();
    }
    return next(input);
  },
};

function unsigned(): ApplicationFailure {
  const error = ApplicationFailure.create({
    type: 'UnsignedStart',
    nonRetryable: true,
    message: 'This workflow was not started by orch. The embedded service runs only signed starts: use `orch start`.',
  });
  error.stack = ''; // somebody else's mistake
  return error;
}

function signatureOf(payload: Payload | undefined): string | undefined {
  if (payload === undefined || payload === null) return undefined;
  try {
    const value: unknown = defaultPayloadConverter.fromPayload(payload);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
