import type { Client } from '@temporalio/client';
import { OrchError } from './errors.js';
import { stuck, throughOutages } from './service-errors.js';

/** Events that are looked through, from the last: a workflow task that fails again and again leaves one. */
const EVENTS = 20;

/**
 * Adds to the error of a run that is stuck what its worker said; all other errors stay as they are. Of a run whose very
 * first task fails, the service says only that nobody answers.
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
  const failed = last?.workflowTaskFailedEventAttributes?.failure?.message ?? undefined;
  return error.code === 'no_worker' && failed === undefined ? error : stuck(runId, failed);
}
