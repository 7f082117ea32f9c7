import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { payloadCodec } from '../temporal/payload-codec.js';
import { SCHEDULED } from '../temporal/pending-states.js';
import type { temporal } from '@temporalio/proto';
import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import type { ProgressView } from '../contract/run-messages.js';
import { plain } from '../contract/seal.js';
import { isGenuineSuccess } from './genuine-success.js';
import type { ClientSigning } from './sealed-result.js';
import { asOrchError, throughOutages } from './service-errors.js';
import { unservedQueues } from './unserved-queues.js';
import type { RunState, RunSummary } from './types.js';
import { plainMessage } from '../basics/plain-message.js';
import { defined } from '../basics/defined.js';

type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;

/** What the service itself knows of a run; needs no worker. */
export interface DescribedRun {
  run: RunSummary;
  /** A loop's is another one than a run's. */
  workflow_type: string;
  temporal_run_id: string;
  /** Events of its history so far: as long as there are no more, nothing has changed. */
  events: number;
  /** Steps that run or wait for their next attempt now, by id. */
  pending: Map<string, PendingStep>;
}

/** A step, or a part of one, that runs or waits for its next attempt. */
interface PendingStep extends LiveStep {
  attempt: number;
}

/** What a running step does, as its worker told last, and what the service knows of its attempts. */
export interface LiveStep {
  attempt?: number;
  /** Why the attempt before failed. */
  last_failure?: string;
  /** When the next attempt begins, while that is waited for. Milliseconds since the epoch. */
  next_at?: number;
  last_line?: string;
  tokens?: number;
  tool_calls?: number;
  /** The queue that it lies in, where no worker polls that. */
  unserved?: string;
}

/**
 * Asks the service for a run.
 *
 * @param patient whether an outage is waited for
 * @throws OrchError `run_not_found`
 */
export async function describeRun(
  client: Client,
  runId: string,
  signing: ClientSigning | undefined,
  patient = true,
): Promise<DescribedRun> {
  try {
    const description = await throughOutages(() => client.workflow.getHandle(runId).describe(), patient);
    return {
      run: summarize(description, await isGenuineSuccess(client, description, signing, patient)),
      workflow_type: description.type,
      temporal_run_id: description.runId,
      events: description.historyLength,
      pending: await pendingSteps(client, description),
    };
  } catch (error) {
    throw asOrchError(error, runId);
  }
}

/** Retries make no history events, so only the pending activities know of the attempts of a step that still runs. */
async function pendingSteps(client: Client, { raw }: WorkflowExecutionDescription): Promise<DescribedRun['pending']> {
  const unserved = await unservedQueues(client, raw);
  const pending: DescribedRun['pending'] = new Map();
  for (const activity of raw.pendingActivities ?? []) {
    const { activityId, attempt, lastFailure, heartbeatDetails } = activity;
    if (!activityId?.startsWith('s:')) continue;
    const failure = lastFailure?.message ?? undefined;
    const { failures = 0, ...live } = await liveOf(heartbeatDetails?.payloads?.[0]);
    const queue = unserved.get(activityId);
    pending.set(activityId.slice(2), {
      // Temporal counts anew where the run has gone on in a new history.
      attempt: Math.max(attempt ?? 1, failures + 1),
      ...(failure ? { last_failure: failure } : {}),
      ...live,
      ...defined({ unserved: queue, next_at: nextAttempt(activity) }),
    });
  }
  return pending;
}

/** When the next attempt of a step begins that has failed and is tried again. */
function nextAttempt({ state, lastFailure, scheduledTime }: PendingActivity): number | undefined {
  if (Number(state) !== SCHEDULED || !lastFailure) return undefined;
  const { seconds, nanos } = scheduledTime ?? {};
  return seconds == null ? undefined : Number(seconds) * 1000 + Math.round((nanos ?? 0) / 1e6);
}

/** What stands in a heartbeat, which anything may be: a step that cannot be read is shown without it. */
async function liveOf(payload: Payload | undefined): Promise<LiveStep & { failures?: number }> {
  if (payload === undefined) return {};
  try {
    const [decoded] = await payloadCodec.decode([payload]);
    const { last_line, tokens, tool_calls, failures } = defaultPayloadConverter.fromPayload<Record<string, unknown>>(
      decoded!,
    );
    return {
      ...(typeof last_line === 'string' && { last_line }),
      ...(typeof tokens === 'number' && { tokens }),
      ...(typeof tool_calls === 'number' && { tool_calls }),
      ...(typeof failures === 'number' && { failures }),
    };
  } catch {
    return {};
  }
}

/** Why a step that was started does not run. */
export function unservedText(queue: string): string {
  return `waiting: no worker polls queue ${queue}`;
}

/** What a running step does, in a line: the part of it that runs, and its last words. */
export function liveText(id: string, pending: ReadonlyMap<string, LiveStep>): string | undefined {
  const part = [...pending].find(([each]) => each === id || each.startsWith(`${id}~`));
  if (part === undefined) return undefined;
  const [name, { last_line, tokens, tool_calls, unserved }] = part;
  if (unserved !== undefined) return unservedText(unserved);
  const counts = [
    tool_calls && `${tool_calls} tool ${tool_calls === 1 ? 'call' : 'calls'}`,
    tokens && `${tokens} tokens`,
  ]
    .filter(Boolean)
    .join(', ');
  const words = [name.slice(id.length + 1), last_line, counts && `(${counts})`].filter(Boolean).join(' ');
  return words === '' ? undefined : words;
}

/** Adds to the running steps what they do, which attempt they are at, and why the one before failed. */
export function withAttempts(progress: ProgressView, pending: DescribedRun['pending']): ProgressView {
  const steps = progress.steps.map((step) => {
    const now = pending.get(step.id);
    const live = step.status === 'running' ? liveText(step.id, pending) : undefined;
    const shown = live === undefined ? step : { ...step, live };
    if (step.status !== 'running' || now === undefined) return shown;
    const failed =
      now.last_failure === undefined
        ? {}
        : { message: `attempt ${now.attempt}; before: ${plainMessage(now.last_failure)}` };
    return { ...shown, attempts: now.attempt, ...failed };
  });
  return { ...progress, steps };
}

/** A line of the list. What has not succeeded by orch's own word has failed. */
export function summarize(execution: Omit<WorkflowExecutionInfo, 'raw'>, genuine: boolean): RunSummary {
  const memo = Object.fromEntries(Object.entries(execution.memo ?? {}).map(([name, value]) => [name, plain(value)]));
  const summary: RunSummary = {
    run_id: execution.workflowId,
    plan_id: typeof memo['plan'] === 'string' ? memo['plan'] : '',
    status: genuine ? stateOf(execution.status.name, memo['status']) : 'failed',
    // A long run notes when its first execution began.
    started_at: typeof memo['began_at'] === 'number' ? memo['began_at'] : execution.startTime.getTime(),
  };
  if (execution.closeTime !== undefined) summary.finished_at = execution.closeTime.getTime();
  if (typeof memo['project'] === 'string') summary.project = memo['project'];
  if (Array.isArray(memo['tags'])) summary.tags = memo['tags'].map(String);
  if (typeof memo['format'] === 'string') summary.format = memo['format'];
  if (typeof memo['started_by'] === 'string') summary.started_by = memo['started_by'];
  const parent = execution.parentExecution?.workflowId;
  if (parent) summary.parent_run_id = parent;
  return summary;
}

function stateOf(name: WorkflowExecutionInfo['status']['name'], noted: unknown): RunState {
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
      return noted === 'paused' || noted === 'quarantined' ? noted : 'running';
  }
}
