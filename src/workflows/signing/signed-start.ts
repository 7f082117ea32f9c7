import {
  ApplicationFailure,
  CancellationScope,
  proxyLocalActivities,
  workflowInfo,
  type WorkflowExecuteInput,
  type WorkflowInboundCallsInterceptor,
} from '@temporalio/workflow';
import type { Payload } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Activities } from '../../contract/activities.js';
import { SIGNATURE_HEADER } from '../../contract/names.js';
import { openArgs, plain, sealResult, type Seal } from '../../contract/seal.js';
import { hasSeals, type Signing } from './state.js';
import { defined } from '../../basics/defined.js';

const { verifyStart } = proxyLocalActivities<Pick<Activities, 'verifyStart'>>({ startToCloseTimeout: '10 seconds' });

/**
 * Lets a workflow of any type begin only if its start was signed for it, where the worker has a key; and signs its end.
 *
 * A cancel does not end the check: a workflow that was canceled before it began has a record, and its own way to end.
 */
export function signedStart(signing: Signing): NonNullable<WorkflowInboundCallsInterceptor['execute']> {
  return async (input, next) => {
    const { args, seal } = openArgs(input.args);
    signing.sealed = seal !== undefined;
    if (seal === undefined) await allowOldStart(signing, input);
    else await allowSealed(signing, seal);
    if (!hasSeals(signing)) return next(input);
    return sealedEnd(signing, () => next({ ...input, args: seal === undefined ? args.map(plain) : args }));
  };
}

/** A start, or what a run has started, with a seal. What Temporal says of the execution must be what the seal says. */
async function allowSealed(signing: Signing, seal: Seal): Promise<void> {
  const info = workflowInfo();
  const right = seal.name === info.workflowType && comesFrom(seal);
  if (!right) throw unsigned();
  // Nobody can have a run continue as new a second time. All else could be sent again, so it is noted as used.
  if (seal.kind === 'continued') return;
  let verdict: string;
  try {
    verdict = await CancellationScope.nonCancellable(() => verifyStart({ seal, started_at: info.startTime.getTime() }));
  } catch {
    verdict = 'refused';
  }
  if (verdict !== 'signed' && !(verdict === 'not_required' && signing.since === undefined)) throw unsigned();
}

function comesFrom(seal: Seal): boolean {
  const info = workflowInfo();
  const parent = info.parent?.runId;
  switch (seal.kind) {
    case 'start':
      // Compared when it began: Temporal's replayer, which tests and people use, tells each run of another queue.
      return parent === undefined && (info.unsafe.isReplaying || seal.queue === info.taskQueue);
    case 'child':
      return parent !== undefined && seal.run === parent;
    case 'continued':
      return seal.run === info.continuedFromExecutionRunId;
    default:
      return false;
  }
}

/**
 * A start without a seal: by a client before there were seals, or of a service that guards itself. Children and runs
 * that were continued as new are exempt there. A cron's or a retry's later run says "continued" too, though its first
 * one may have been refused: those are checked like a first one.
 */
async function allowOldStart({ since }: Signing, input: WorkflowExecuteInput): Promise<void> {
  const info = workflowInfo();
  if (since !== undefined && info.startTime.getTime() >= since) throw unsigned();
  const continued = info.continuedFromExecutionRunId !== undefined && !info.cronSchedule && info.attempt === 1;
  if (info.parent !== undefined || continued) return;
  const verdict = await CancellationScope.nonCancellable(() =>
    verifyStart({
      workflow_type: info.workflowType,
      workflow_id: info.workflowId,
      task_queue: info.taskQueue,
      args: input.args.map(plain),
      ...defined({ signature: signatureOf(input.headers[SIGNATURE_HEADER]) }),
    }),
  );
  if (verdict === 'refused') throw unsigned();
}

async function sealedEnd(signing: Signing, run: () => Promise<unknown>): Promise<unknown> {
  const seal = (): Seal => signing.seal('result', workflowInfo().workflowType);
  try {
    return sealResult(await run(), seal());
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    const { message, type, nonRetryable, details, cause, stack } = error;
    const sealed = ApplicationFailure.create({
      ...(message && { message }),
      ...(type && { type }),
      ...(nonRetryable && { nonRetryable }),
      ...(cause && { cause }),
      details: [...(details ?? []), { orch_seal: seal() }],
    });
    sealed.stack = stack ?? '';
    throw sealed;
  }
}

function unsigned(): Error {
  const { unsafe } = workflowInfo();
  const message =
    'This workflow was not started by orch, or its start was used before. The embedded service runs only signed starts, each once: use `orch start`.';
  // A history that somebody has copied goes on after this point: it cannot be ended here, so it stands still and says why.
  if (unsafe.isReplaying) return new Error(message);
  const error = ApplicationFailure.create({ type: 'UnsignedStart', nonRetryable: true, message });
  error.stack = ''; // somebody else's mistake
  return error;
}

function signatureOf(payload: Payload | undefined): string | undefined {
  if (payload === undefined || payload === null) return undefined;
  try {
    const value: unknown = defaultPayloadConverter.fromPayload(payload);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
