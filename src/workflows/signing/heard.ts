import { ApplicationFailure, log, workflowInfo, type WorkflowInboundCallsInterceptor } from '@temporalio/workflow';
import { FORCE_CANCEL, RUN_PLAN } from '../../contract/run-messages.js';
import { openArgs, plain, sealResult, type Seal } from '../../contract/seal.js';
import { HEARD_FOR_MS, hasSeals, mayBeUnsigned, type Signing } from './state.js';
import { withoutStack } from '../../basics/without-stack.js';

/** A client's clock is the server's, but a signal may have been signed just before the workflow that it starts. */
const TOLERANCE_MS = 10_000;

const REFUSAL =
  'it was not signed, or its signature was used before: the embedded service accepts requests only from `orch`, run by the user who owns the service';

type Inbound = Required<
  Pick<WorkflowInboundCallsInterceptor, 'handleSignal' | 'validateUpdate' | 'handleUpdate' | 'handleQuery'>
>;

/** Lets a workflow hear only verbs that were signed for it, each once. Nothing here waits: that would change the order of events. */
export function signedVerbs(signing: Signing): Inbound {
  return {
    handleSignal(input, next) {
      if (!hasSeals(signing)) return next(input);
      const { args, seal } = openArgs(input.args);
      if (isGood(signing, 'signal', input.signalName, seal)) {
        signing.heard.set(seal!.id, seal!.at);
        return next({ ...input, args });
      }
      if (mayBeUnsigned(signing)) return next({ ...input, args: args.map(plain) });
      // A run writes down what it refuses.
      if (workflowInfo().workflowType === RUN_PLAN && input.signalName !== FORCE_CANCEL) {
        return next({ ...input, args: [{ orch_unsigned: true, value: plain(args[0]) }] });
      }
      log.warn(`The signal ${input.signalName} was refused: ${REFUSAL}`);
      return Promise.resolve();
    },
    validateUpdate(input, next) {
      next({ ...input, args: allowed(input.name, input.args).args });
    },
    handleUpdate(input, next) {
      if (!hasSeals(signing)) return next(input);
      // What is in history needs not have gone through the validator.
      const { args, seal } = allowed(input.name, input.args);
      if (seal === undefined) return next({ ...input, args });
      signing.heard.set(seal.id, seal.at);
      return next({ ...input, args }).then((value) =>
        sealResult(value, signing.seal('result', input.name, { of: seal.id })),
      );
    },
    // Anybody may look.
    handleQuery: (input, next) => next(hasSeals(signing) ? { ...input, args: input.args.map(plain) } : input),
  };

  function allowed(name: string, given: unknown[]): { args: unknown[]; seal?: Seal } {
    if (!hasSeals(signing)) return { args: given };
    const opened = openArgs(given);
    if (isGood(signing, 'update', name, opened.seal)) return opened;
    if (mayBeUnsigned(signing)) return { args: opened.args.map(plain) };
    throw refused(name);
  }
}

/** The words for a verb that nobody has signed. */
export function unsignedVerb(name: string): string {
  return `Cannot ${name}: ${REFUSAL}`;
}

function isGood({ heard, since }: Signing, kind: Seal['kind'], name: string, seal: Seal | undefined): boolean {
  if (seal === undefined) return false;
  const { startTime, continuedFromExecutionRunId } = workflowInfo();
  // One that was signed before this execution began was meant for another one of the same id. A run that went on from
  // one history to the next has taken along what it heard of late.
  const tolerance = continuedFromExecutionRunId === undefined ? TOLERANCE_MS : HEARD_FOR_MS;
  const inTime = since === undefined || seal.at >= startTime.getTime() - tolerance;
  return seal.kind === kind && seal.name === name && !heard.has(seal.id) && inTime;
}

function refused(name: string): ApplicationFailure {
  // the sender's mistake, not this code's
  return withoutStack(ApplicationFailure.create({ type: 'Refused', nonRetryable: true, message: unsignedVerb(name) }));
}
