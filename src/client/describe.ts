import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { asOrchError } from './service-errors.js';
import type { RunState, RunSummary } from './types.js';

/** What the service itself knows of a run; needs no worker. */
export async function describeRun(client: Client, runId: string): Promise<{ run: RunSummary; first_run_id: string }> {
  try {
    const description = await client.workflow.getHandle(runId).describe();
    return { run: summarize(description), first_run_id: description.runId };
  } catch (error) {
    throw asOrchError(error, runId);
  }
}

/** A line of the list. */
export function summarize(execution: Omit<WorkflowExecutionInfo, 'raw'>): RunSummary {
  const memo = execution.memo ?? {};
  const summary: RunSummary = {
    run_id: execution.workflowId,
    plan_id: typeof memo['plan'] === 'string' ? memo['plan'] : '',
    status: stateOf(execution.status.name),
    started_at: execution.startTime.getTime(),
  };
  if (execution.closeTime !== undefined) summary.finished_at = execution.closeTime.getTime();
  if (typeof memo['project'] === 'string') summary.project = memo['project'];
  if (Array.isArray(memo['tags'])) summary.tags = memo['tags'].map(String);
  if (typeof memo['started_by'] === 'string') summary.started_by = memo['started_by'];
  return summary;
}

function stateOf(name: WorkflowExecutionInfo['status']['name']): RunState {
  switch (name) {
    case 'COMPLETED':
      return 'succeeded';
    case 'FAILED':
      return 'failed';
    case 'CANCELLED':
      return 'canceled';
    case 'TERMINATED':
      return 'terminated';
    case 'TIMED_OUT':
      return 'timed_out';
    default:
      return 'running';
  }
}
