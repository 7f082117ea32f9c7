import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { unlessAbsent } from './gateway-client.js';

/** A run by its id, and by the service's id of its first execution: a long one goes on in several. */
export interface RunChain {
  run_id: string;
  temporal_run_id: string;
}

/** The service's id of the first execution of the run that an execution belongs to. */
export function firstExecutionOf({ raw, runId }: Pick<WorkflowExecutionDescription, 'raw' | 'runId'>): string {
  return raw.workflowExecutionInfo?.firstRunId || runId;
}

/**
 * The execution in which a run goes on, or has ended; undefined where the service has none any more. It is looked for
 * from the last one: the service may have forgotten the first.
 */
export async function lastExecution(
  client: Client,
  { run_id, temporal_run_id }: RunChain,
): Promise<WorkflowExecutionDescription | undefined> {
  const last = await unlessAbsent(() => client.workflow.getHandle(run_id).describe());
  if (last === undefined || firstExecutionOf(last) === temporal_run_id) return last;
  return unlessAbsent(() => client.workflow.getHandle(run_id, temporal_run_id).describe());
}
