import type { Client } from '@temporalio/client';
import { hasBegun } from '../temporal/run-begun.js';
import { RUN_PLAN } from '../contract/run-messages.js';
import { describeRun } from './describe.js';
import { OrchError } from './errors.js';

/** What a question to such a run may end with: a worker that polls, or is at work, has nothing to answer from. */
const UNANSWERED: ReadonlySet<string> = new Set(['run_not_found', 'no_worker', 'run_busy']);

/**
 * Whether a question to a run failed because the run ended before it began: it was terminated or canceled before a
 * worker took it, its plan was invalid, or its start was not signed. It is a run all the same, without steps to tell of.
 *
 * @throws OrchError `run_not_found`
 */
export async function endedUnbegun(client: Client, runId: string, error: unknown): Promise<boolean> {
  if (!(error instanceof OrchError) || !UNANSWERED.has(error.code)) return false;
  const { run, workflow_type: type, temporal_run_id } = await describeRun(client, runId, undefined); // it succeeded in no case
  if (type !== RUN_PLAN || run.finished_at === undefined) return false;
  return error.code === 'run_not_found' || !(await hasBegun(client, runId, temporal_run_id));
}

/** There is nothing to tell of a run. */
export function noRecord(runId: string): OrchError {
  return new OrchError('no_record', `The run '${runId}' ended before it began, so there is no record of it`, {
    hint: `it was ended before a worker took it, its plan was invalid, or its start was not signed; \`orch watch ${runId}\` says which`,
  });
}
