import type { Client } from '@temporalio/client';
import { OrchError } from './errors.js';
import { stuck, throughOutages } from './service-errors.js';

/** Events that are looked through, from the last: a workflow task that fails again and again leaves one. */
const EVENTS = 20;

/** Adds to the error of a run that is stuck what its worker said; all other errors stay as they are. */
export async function whyStuck(client: Client, runId: string, error: unknown): Promise<unknown> {
  if (!(error instanceof OrchError) || error.code !== 'run_stuck') return error;
  const { history } = await throughOutages(() =>
    client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace: client.options.namespace,
      execution: { workflowId: runId },
      maximumPageSize: EVENTS,
    }),
  );
  const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes)
    ?.workflowTaskFailedEventAttributes?.failure?.message;
  return stuck(runId, failed ?? undefined);
}
