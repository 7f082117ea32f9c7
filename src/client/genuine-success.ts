import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import proto from '@temporalio/proto';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { openResult } from '../contract/seal.js';
import type { ClientSigning } from './sealed-result.js';
import { throughOutages } from './service-errors.js';

const { HistoryEventFilterType } = proto.temporal.api.enums.v1;

/**
 * Whether a run that the service calls completed was completed by orch: anybody who reaches the service can end a run
 * so. True of all others, and where nothing is signed.
 *
 * @param patient whether an outage is waited for
 */
export async function isGenuineSuccess(
  client: Client,
  {
    workflowId,
    runId,
    status,
    closeTime,
  }: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'status' | 'closeTime'>,
  signing: ClientSigning | undefined,
  patient = true,
): Promise<boolean> {
  if (signing === undefined || status.name !== 'COMPLETED') return true;
  if (closeTime !== undefined && closeTime.getTime() < signing.since) return true;
  const { namespace, loadedDataConverter } = client.options;
  const { history } = await throughOutages(
    () =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace,
        execution: { workflowId, runId },
        historyEventFilterType: HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
      }),
    patient,
  );
  const payloads = history?.events?.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads;
  const context = { type: 'workflow' as const, namespace, workflowId };
  const [result] = await decodeArrayFromPayloads(loadedDataConverter, payloads, context);
  const { seal } = openResult(result);
  return seal?.kind === 'result' && seal.run === runId;
}
