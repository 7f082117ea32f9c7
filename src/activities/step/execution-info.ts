import { Context } from '@temporalio/activity';

/** The run that an activity belongs to. orch has no activities outside runs. */
export function executionOf({ info }: Context): { workflowId: string; runId: string } {
  if (info.workflowExecution === undefined) throw new Error('Internal error: an activity without a run');
  return info.workflowExecution;
}

/**
 * The service's id of the run that a task is of: of its first execution, where it went on in others.
 *
 * @param context what hears of a cancel has to give it: there is no current one there
 */
export function temporalRunOf(
  { first_run_id }: { first_run_id?: string },
  context: Context = Context.current(),
): string {
  return first_run_id ?? executionOf(context).runId;
}
