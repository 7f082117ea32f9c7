import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { workflowInfo, type WorkflowInternalsInterceptor } from '@temporalio/workflow';
import type { coresdk, temporal } from '@temporalio/proto';
import { isUnsigned, openResult, plain, type Seal } from '../../contract/seal.js';
import { hasSeals, mayBeUnsigned, type Awaited, type Signing } from './state.js';

/** Type of the failure that stands in place of an answer which the worker of the task has not made. */
export const FORGED = 'Forged';

type Failure = temporal.api.failure.v1.IFailure;
type Resolution = Pick<coresdk.activity_result.IActivityResolution, 'completed' | 'failed' | 'cancelled'>;
type IsGood = (seal: Seal) => boolean;

/**
 * Opens the answers of activities and children before the workflow hears of them: the seal comes off; what has none,
 * or one of another task, becomes a failure.
 *
 * Here and not where the workflow waits for them, since each further promise would change the order in which things
 * happen in a run that began without seals.
 */
export function openedAnswers(signing: Signing): WorkflowInternalsInterceptor {
  return {
    activate(input, next) {
      if (hasSeals(signing)) for (const job of input.activation.jobs ?? []) openJob(signing, job);
      next(input);
    },
  };
}

function openJob(signing: Signing, job: coresdk.workflow_activation.IWorkflowActivationJob): void {
  const { resolveActivity: task, resolveChildWorkflowExecutionStart: born, resolveChildWorkflowExecution: child } = job;
  if (born?.succeeded?.runId) signing.children.set(born.seq ?? 0, born.succeeded.runId);
  if (task?.result) {
    const awaited = signing.activities.get(task.seq ?? 0);
    signing.activities.delete(task.seq ?? 0);
    const isGood: IsGood = (seal) => isAnswerTo(signing, awaited, seal);
    open(signing, task.result, isGood, (what) => failureOfTask(awaited, what));
  }
  if (child?.result) {
    const runId = signing.children.get(child.seq ?? 0);
    signing.children.delete(child.seq ?? 0);
    // It may have gone on in new histories since.
    const isGood: IsGood = (seal) => seal.kind === 'result' && (seal.run === runId || seal.first === runId);
    open(signing, child.result, isGood, (what) => ({
      message: 'Child Workflow execution failed',
      childWorkflowExecutionFailureInfo: { workflowExecution: { runId: runId ?? '' } },
      cause: forged(`the end of the child ${what}`),
    }));
  }
}

/** Where there is no key nothing is verified, and seals are only taken off. */
function isAnswerTo({ since, sealed }: Signing, awaited: Awaited | undefined, seal: Seal): boolean {
  if (since === undefined) return true;
  // Of a task that was handed out before there were seals.
  const old = !sealed && seal.of === undefined;
  return seal.kind === 'result' && seal.run === workflowInfo().runId && (old || seal.of === awaited?.id);
}

function open(signing: Signing, result: Resolution, isGood: IsGood, failure: (what: string) => Failure): void {
  const fail = (what: string): void => {
    delete result.completed;
    delete result.cancelled;
    result.failed = { failure: failure(what) };
  };
  if (result.completed) {
    const opened = openPayload(signing, result.completed.result, isGood);
    if (opened === undefined) fail('says that it succeeded');
    else result.completed.result = opened.payload;
  } else if (result.failed?.failure) {
    if (!openFailure(signing, result.failed.failure, isGood)) fail(`says: ${innermost(result.failed.failure)}`);
  } else if (result.cancelled?.failure) openFailure(signing, result.cancelled.failure, isGood);
}

function openPayload(
  signing: Signing,
  payload: Payload | null | undefined,
  isGood: IsGood,
): { payload: Payload | null } | undefined {
  const given: unknown = payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
  const { value, seal } = isUnsigned(given) ? { value: given } : openResult(given);
  if (seal === undefined && !mayBeUnsigned(signing)) return undefined;
  if (seal !== undefined && !isGood(seal)) return undefined;
  return { payload: defaultPayloadConverter.toPayload(plain(value)) ?? null };
}

/** Takes the seal off a failure's details. One by an unknown hand keeps none of them. @returns whether it may stand */
function openFailure(signing: Signing, failure: Failure, isGood: IsGood): boolean {
  const cause = failure.cause ?? failure;
  const info = cause.applicationFailureInfo ?? cause.canceledFailureInfo;
  // Temporal's own: the end of a worker, or of the whole run.
  if (!info) return true;
  const details = (info.details?.payloads ?? []).map((payload) =>
    defaultPayloadConverter.fromPayload<unknown>(payload),
  );
  const { seal } = openResult(details.at(-1));
  if (seal !== undefined && isGood(seal)) return keep(info, details.slice(0, -1));
  if (seal === undefined && mayBeUnsigned(signing)) return keep(info, details.map(plain));
  keep(info, []);
  return !cause.applicationFailureInfo;
}

function keep(info: { details?: temporal.api.common.v1.IPayloads | null }, details: unknown[]): true {
  info.details = { payloads: details.map((each) => defaultPayloadConverter.toPayload(each)) };
  return true;
}

function failureOfTask(awaited: Awaited | undefined, what: string): Failure {
  const { name = '', activityId = '' } = awaited ?? {};
  return {
    message: 'Activity task failed',
    activityFailureInfo: { activityType: { name }, activityId },
    cause: forged(`the answer of ${name} ${what}`),
  };
}

function forged(what: string): Failure {
  return {
    message: `ForgedError: ${what}, but orch's worker did not sign that`,
    source: 'TypeScriptSDK',
    applicationFailureInfo: { type: FORGED, nonRetryable: true },
  };
}

function innermost(failure: Failure): string {
  return (failure.cause ?? failure).message ?? '';
}
