import { randomBytes } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { RUN_PLAN } from '../contract/run-messages.js';
import { workflowTaskTimeout } from '../contract/task-timeout.js';
import { MEMO_CHARS, memoOf } from '../plan/model/memo.js';
import { describeRun } from './describe.js';
import { OrchError } from './errors.js';
import type { PreparedRun } from './prepare.js';
import type { ClientSigning } from './sealed-result.js';
import { asOrchError, throughOutages } from './service-errors.js';
import { refuseSubRunId } from './sub-run-ids.js';
import { startedBy } from './started-by.js';
import { defined } from '../basics/defined.js';

/** Characters of a run's id that the service takes. */
const MAX_ID_LENGTH = 1000;

/** Where a run is started. */
export interface Starter {
  client: Client;
  taskQueue: string;
  signing: ClientSigning | undefined;
  /** Where the page of `orch ui` is; without it Temporal's Web UI has no link to it. */
  page?: string | undefined;
}

/** A run that was started: its id, and the one that Temporal gave its first execution. */
export interface StartedRun {
  run_id: string;
  temporal_run_id: string;
}

/**
 * Starts a run that was prepared, through outages of the service.
 *
 * @throws OrchError `run_exists`, `invalid_run_id`, `refused`, `service_unreachable`
 */
export async function startRun(
  { client, taskQueue, signing, page }: Starter,
  { plan, input, runId: wanted, startedBy: by = startedBy() }: PreparedRun,
): Promise<StartedRun> {
  const runId = wanted ?? `${plan.plan_id}-${randomBytes(4).toString('hex')}`;
  if (runId.length > MAX_ID_LENGTH) {
    throw new OrchError('refused', `The id of a run may have at most ${MAX_ID_LENGTH} characters, not ${runId.length}`);
  }
  if (wanted !== undefined) await refuseSubRunId(client, wanted, signing);
  let tries = 0;
  const startOnce = (): ReturnType<typeof client.workflow.start> => {
    tries += 1;
    return client.workflow.start(RUN_PLAN, {
      workflowId: runId,
      taskQueue,
      args: [input],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowTaskTimeout: workflowTaskTimeout(plan),
      staticSummary: (plan.description ?? plan.plan_id).slice(0, 200),
      staticDetails: `Plan \`${plan.plan_id}\`, ${plan.steps.length} steps, digest \`${input.digest.slice(0, 12)}\`${pageLink(page, runId)}`,
      memo: memoOfRun({ plan, input }, by),
    });
  };
  try {
    const handle = await throughOutages(startOnce);
    return { run_id: runId, temporal_run_id: handle.firstExecutionRunId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw asOrchError(error, runId);
    // An id that nobody else can have: an earlier try got through, and only its answer was lost.
    if (tries > 1 && wanted === undefined) {
      const { temporal_run_id } = await describeRun(client, runId, signing);
      return { run_id: runId, temporal_run_id };
    }
    throw new OrchError('run_exists', `There is already a run with the id '${runId}'`, {
      hint: `look at it with \`orch status ${runId}\`, or choose another --id`,
    });
  }
}

/** A link for Temporal's Web UI, which shows Markdown. */
function pageLink(page: string | undefined, runId: string): string {
  if (page === undefined) return '';
  return `\n\n[The run in orch's page](${page}/runs/${encodeURIComponent(runId)}), which \`orch ui\` serves`;
}

function memoOfRun({ plan, input }: Pick<PreparedRun, 'plan' | 'input'>, by: string): Record<string, unknown> {
  const { project, tags, format } = plan.metadata;
  return {
    plan: plan.plan_id,
    started_by: by.slice(0, MEMO_CHARS),
    engine_version: input.engine_version,
    ...defined({ rerun_of: input.rerun_of }),
    ...memoOf({ project, tags }),
    ...(typeof format === 'string' ? { format: format.slice(0, 64) } : {}),
  };
}
