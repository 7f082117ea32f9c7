import type { Context } from '@temporalio/activity';

/** The run that an activity belongs to. orch has no activities outside runs. */
export function executionOf({ info }: Context): { workflowId: string; runId: string } {
  if (info.workflowExecution === undefined) throw new Error('Internal error: an activity without a run');
  return info.workflowExecution;
}
