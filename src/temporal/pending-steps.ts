import { setTimeout } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { temporal } from '@temporalio/proto';
import { plain } from '../contract/seal.js';
import type { CarriedStep, StepHeartbeat } from '../contract/step-task.js';
import { createGatewayClient, type GatewayOptions } from './gateway-client.js';
import { defined } from '../basics/defined.js';
import { SCHEDULED, STARTED } from './pending-states.js';

/**
 * Reads what the service knows of the steps that an execution runs, by their ids. Hosts are told only where there may be
 * several: who knows one is sent there, to a queue that nobody else needs.
 */
export type ReadPendingSteps = (
  execution: { workflowId: string; runId: string },
  options: { withHosts: boolean },
) => Promise<Record<string, CarriedStep>>;

/** Milliseconds that steps have to begin, and between two looks. */
const BEGINNING = { waits: 5_000, pause: 100 };

/**
 * Makes the reader of a worker, over the worker's own connection. What a worker has just taken has a moment to say that its
 * process runs: asked for again before that, it might be prepared twice, or begin on another host.
 *
 * @throws ApplicationFailure, not retryable, where something takes longer to begin
 */
export function createPendingSteps(options: GatewayOptions): ReadPendingSteps {
  const { client, call } = createGatewayClient(options);
  return async ({ workflowId, runId }, { withHosts }) => {
    const end = Date.now() + BEGINNING.waits;
    for (;;) {
      const { raw } = await call(() => client.workflow.getHandle(workflowId, runId).describe());
      const pending = await heartbeatsOf(client, raw.pendingActivities ?? []);
      const begins = pending.find(({ activity, heartbeat }) => Number(activity.state) === STARTED && !heartbeat?.pid);
      if (begins === undefined) return stepsOf(pending, withHosts);
      const id = begins.activity.activityId;
      if (Date.now() > end) throw ApplicationFailure.nonRetryable(`${id} has not begun yet`, 'StillBeginning');
      await setTimeout(BEGINNING.pause);
    }
  };
}

type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;

/** A step that the service holds for open, and what its attempt has told last. */
interface PendingStep {
  activity: PendingActivity;
  heartbeat: Partial<StepHeartbeat> | undefined;
}

function heartbeatsOf(client: Client, activities: readonly PendingActivity[]): Promise<PendingStep[]> {
  const steps = activities.filter(({ activityId }) => activityId?.startsWith('s:'));
  return Promise.all(
    steps.map(async (activity) => {
      const { payloads } = activity.heartbeatDetails ?? {};
      const [details] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
      return { activity, heartbeat: plain(details) as Partial<StepHeartbeat> | undefined };
    }),
  );
}

function stepsOf(pending: readonly PendingStep[], withHosts: boolean): Record<string, CarriedStep> {
  const steps = pending.map(({ activity, heartbeat }): [string, CarriedStep] => {
    const { activityId, lastFailure, state, scheduledTime } = activity;
    // One that failed waits as long as its plan says. Whoever lost its worker goes on at once.
    const waits = Number(state) === SCHEDULED && lastFailure?.applicationFailureInfo?.type === 'StepFailed';
    const until = Number(scheduledTime?.seconds ?? 0) * 1000;
    const due = waits && until > Date.now() ? { resume_at: until } : {};
    return [activityId!.slice(2), { ...knownOf(heartbeat, withHosts), ...due }];
  });
  return Object.fromEntries(steps);
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
