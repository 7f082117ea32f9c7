import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { OrchError } from './errors.js';
import { busy, stuck, throughOutages } from './service-errors.js';

const { WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND: OVERTAKEN } = proto.temporal.api.enums.v1.WorkflowTaskFailedCause;

/** Events that are looked through, from the last: a workflow task that fails again and again leaves one. */
const EVENTS = 20;

/**
 * Adds to the error of a run that is stuck what its worker said; all other errors stay as they are. Of a run whose very
 * first task fails, the service says only that nobody answers. And it takes a run for one that fails whose end, or change to
 * a new history, has met news: its worker decides again, with these.
 */
export async function whyStuck(client: Client, runId: string, error: unknown): Promise<unknown> {
  if (!(error instanceof OrchError) || (error.code !== 'run_stuck' && error.code !== 'no_worker')) return error;
  const { history } = await throughOutages(() =>
    client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace: client.options.namespace,
      execution: { workflowId: runId },
      maximumPageSize: EVENTS,
    }),
  );
  const last = history?.events?.find(
    (event) => event.workflowTaskFailedEventAttributes ?? event.workflowTaskCompletedEventAttributes,
  );
  const { cause, failure } = last?.workflowTaskFailedEventAttributes ?? {};
  if (cause === OVERTAKEN) return busy(runId, error);
  const failed = failure?.message ?? undefined;
  return error.code === 'no_worker' && failed === undefined ? error : stuck(runId, failed);
}
