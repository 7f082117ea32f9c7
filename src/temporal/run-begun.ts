import type { Client } from '@temporalio/client';
import { defined } from '../basics/defined.js';

/** Type of the event that a worker's first decision makes, as Temporal's API numbers it. */
const WORKFLOW_TASK_COMPLETED = 7;

/**
 * Whether a worker has ever decided anything for a workflow. One that was terminated before has no answer to a query:
 * the service holds the question back until it times out.
 */
export async function hasBegun(client: Client, workflowId: string, runId: string): Promise<boolean> {
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 100, // it is among the first events, but for signals that came before it
      ...defined({ nextPageToken }),
    });
    const events = page.history?.events ?? [];
    if (events.some(({ eventType }) => Number(eventType) === WORKFLOW_TASK_COMPLETED)) return true;
    nextPageToken = page.nextPageToken;
  } while (nextPageToken !== undefined && nextPageToken !== null && nextPageToken.length > 0);
  return false;
}
