import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  proxyLocalActivities,
  workflowInfo,
  type WorkflowExecuteInput,
  type WorkflowInboundCallsInterceptor,
  type WorkflowInfo,
} from '@temporalio/workflow';
import type { Payload } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Activities, StartQuestion, SignatureVerdict } from '../../contract/activities.js';
import { SIGNATURE_HEADER } from '../../contract/names.js';
import { SCHEDULED_START } from '../../contract/schedule-messages.js';
import { openArgs, plain, sealResult, type Seal } from '../../contract/seal.js';
import { hasSeals, type Signing } from './state.js';
import { defined } from '../../basics/defined.js';
import { withoutStack } from '../../basics/without-stack.js';

const { verifyStart } = proxyLocalActivities<Pick<Activities, 'verifyStart'>>({ startToCloseTimeout: '10 seconds' });

/** What the check asks of Temporal. */
export interface StartCheck {
  info(): WorkflowInfo;
  /** A cancel does not end it: a workflow that was canceled before it began has a record, and its own way to end. */
  verify(question: StartQuestion): Promise<SignatureVerdict>;
}

const temporal: StartCheck = {
  info: workflowInfo,
  verify: (question) => CancellationScope.nonCancellable(() => verifyStart(question)),
};

/** Lets a workflow of any type begin only if its start was signed for it, where the worker has a key; and signs its end. */
export function signedStart(
  signing: Signing,
  check: StartCheck = temporal,
): NonNullable<WorkflowInboundCallsInterceptor['execute']> {
  return async (input, next) => {
    const { args, seal } = openArgs(input.args);
    signing.sealed = seal !== undefined;
    if (check.info().workflowType === SCHEDULED_START)
      return byItself(signing, check, () => next({ ...input, args: [] }));
    if (seal === undefined) await allowOldStart(signing, check, input);
    else await allowSealed(signing, check, seal);
    if (!hasSeals(signing)) return next(input);
    return sealedEnd(signing, check, () => next({ ...input, args: seal === undefined ? args.map(plain) : args }));
  };
}

/**
 * What the service starts for a schedule comes without a seal: nobody could make one beforehand that is good for one time
 * only. So it is told nothing, and does nothing but ask the worker, which looks itself what is due (`ScheduleRegister`).
 */
function byItself(signing: Signing, check: StartCheck, run: () => Promise<unknown>): Promise<unknown> {
  signing.sealed = signing.since !== undefined && check.info().startTime.getTime() >= signing.since;
  return hasSeals(signing) ? sealedEnd(signing, check, run) : run();
}

/** A start, or what a run has started, with a seal. What Temporal says of the execution must be what the seal says. */
async function allowSealed(signing: Signing, check: StartCheck, seal: Seal): Promise<void> {
  const info = check.info();
  const right = seal.name === info.workflowType && comesFrom(seal, info);
  if (!right) throw unsigned(info);
  // Nobody can have a run continue as new a second time. All else could be sent again, so it is noted as used.
  if (seal.kind === 'continued') {
    for (const [id, at] of seal.heard ?? []) signing.heard.set(id, at);
    return;
  }
  const verdict = await verdictOn(check, { seal, started_at: info.startTime.getTime() });
  if (verdict !== 'signed' && !(verdict === 'not_required' && signing.since === undefined)) throw unsigned(info);
}

/**
 * Where nobody knows whether the start is good (the disk is full, say), that is no mismatch, so it ends nothing: it fails
 * the task, Temporal tries again, and `orch status` says why until it is known.
 *
 * A failure that stands in history was told already. Without another question it would be told for ever.
 */
async function verdictOn(check: StartCheck, question: StartQuestion): Promise<SignatureVerdict> {
  for (;;) {
    try {
      return await check.verify(question);
    } catch (error) {
      if (!check.info().unsafe.isReplaying) throw unchecked(error);
    }
  }
}

function unchecked(error: unknown): Error {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  const why = (cause ?? (error as Error)).message;
  const failure = new Error(`The worker could not check who has started this, and tries again: ${why}`);
  failure.name = 'StartUnchecked';
  return failure;
}

function comesFrom(seal: Seal, info: WorkflowInfo): boolean {
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
async function allowOldStart({ since }: Signing, check: StartCheck, input: WorkflowExecuteInput): Promise<void> {
  const info = check.info();
  if (since !== undefined && info.startTime.getTime() >= since) throw unsigned(info);
  const continued = info.continuedFromExecutionRunId !== undefined && !info.cronSchedule && info.attempt === 1;
  if (info.parent !== undefined || continued) return;
  const question = {
    workflow_type: info.workflowType,
    workflow_id: info.workflowId,
    task_queue: info.taskQueue,
    args: input.args.map(plain),
    ...defined({ signature: signatureOf(input.headers[SIGNATURE_HEADER]) }),
  };
  const verdict = await verdictOn(check, question);
  if (verdict === 'refused') throw unsigned(info);
}

async function sealedEnd(signing: Signing, check: StartCheck, run: () => Promise<unknown>): Promise<unknown> {
  const { workflowType, runId, firstExecutionRunId } = check.info();
  const chain = firstExecutionRunId === runId ? {} : { first: firstExecutionRunId };
  const seal = (): Seal => signing.seal('result', workflowType, chain);
  try {
    return sealResult(await run(), seal());
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    const { message, type, nonRetryable, details, cause, stack } = error;
    const sealed = ApplicationFailure.create({
      ...(message && { message }),
      ...(type && { type }),
      ...(nonRetryable && { nonRetryable }),
      ...defined({ cause }),
      details: [...(details ?? []), { orch_seal: seal() }],
    });
    sealed.stack = stack ?? '';
    throw sealed;
  }
}

function unsigned({ unsafe }: WorkflowInfo): Error {
  const message =
    'This workflow was not started by orch, or its start was used before. The embedded service runs only signed starts, each once: use `orch start`.';
  // A history that somebody has copied goes on after this point: it cannot be ended here, so it stands still and says why.
  if (unsafe.isReplaying) return new Error(message);
  // somebody else's mistake
  return withoutStack(ApplicationFailure.create({ type: 'UnsignedStart', nonRetryable: true, message }));
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
