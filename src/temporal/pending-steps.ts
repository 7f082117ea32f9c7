import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { plain } from '../contract/seal.js';
import type { CarriedStep, StepHeartbeat } from '../contract/step-task.js';
import { createGatewayClient, type GatewayOptions } from './gateway-client.js';
import { defined } from '../basics/defined.js';

/**
 * Reads what the service knows of the steps that an execution runs, by their ids. Hosts are told only where there may be
 * several: who knows one is sent there, to a queue that nobody else needs.
 */
export type ReadPendingSteps = (
  execution: { workflowId: string; runId: string },
  options: { withHosts: boolean },
) => Promise<Record<string, CarriedStep>>;

/** As Temporal's API numbers it: an activity that waits for a worker, or for its next attempt. */
const SCHEDULED = 1;

/** Makes the reader of a worker, over the worker's own connection. */
export function createPendingSteps(options: GatewayOptions): ReadPendingSteps {
  const { client, call } = createGatewayClient(options);
  return async ({ workflowId, runId }, { withHosts }) => {
    const { raw } = await call(() => client.workflow.getHandle(workflowId, runId).describe());
    const steps: Record<string, CarriedStep> = {};
    for (const { activityId, heartbeatDetails, lastFailure, state, scheduledTime } of raw.pendingActivities ?? []) {
      if (!activityId?.startsWith('s:')) continue;
      const [details] = await decodeArrayFromPayloads(client.options.loadedDataConverter, heartbeatDetails?.payloads);
      // One that failed waits as long as its plan says. Whoever lost its worker goes on at once.
      const waits = Number(state) === SCHEDULED && lastFailure?.applicationFailureInfo?.type === 'StepFailed';
      const until = Number(scheduledTime?.seconds ?? 0) * 1000;
      steps[activityId.slice(2)] = {
        ...knownOf(plain(details) as Partial<StepHeartbeat> | undefined, withHosts),
        ...(waits && until > Date.now() ? { resume_at: until } : {}),
      };
    }
    return steps;
  };
}

function knownOf(heartbeat: Partial<StepHeartbeat> | undefined, withHost: boolean): Pick<CarriedStep, 'carried'> {
  const { failures, first_started_at, failed_attempts, host } = heartbeat ?? {};
  if (failures === undefined || first_started_at === undefined) return {};
  return {
    carried: {
      failures,
      first_started_at,
      ...defined({ failed_attempts }),
      ...(withHost && host && { host }),
    },
  };
}
