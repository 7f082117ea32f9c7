import { ApplicationFailure, CancelledFailure, CompleteAsyncError, type Context } from '@temporalio/activity';
import { ensureApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import type { WorkerSigning } from '../temporal/signing.js';
import { SEAL_LIFE_MS } from '../temporal/used-seals.js';
import { isUnsigned, openArgs, plain, sealResult, type Seal } from '../contract/seal.js';
import { LateAnswer } from '../activities/late-answer.js';
import { defined } from '../basics/defined.js';
import { withoutStack } from '../basics/without-stack.js';

/**
 * Lets activities run only as orch's own workflows have handed them out: signed for this execution and this activity,
 * each once. What they answer is sealed in turn.
 */
export function signedTasks(signing: WorkerSigning, context: Context): ActivityInboundCallsInterceptor {
  const { info } = context;
  return {
    async execute(input, next) {
      const { args, seal } = openArgs(input.args);
      const answer: Seal = {
        kind: 'result',
        name: info.activityType,
        id: '',
        at: Date.now(),
        ...defined({ run: info.workflowExecution?.runId, of: seal?.id }),
      };
      const old = info.scheduledTimestampMs < signing.since;
      if (isUnsigned(info.heartbeatDetails)) {
        Object.assign(info, { heartbeatDetails: old ? plain(info.heartbeatDetails) : undefined });
      }
      if (seal === undefined ? !old : !isGood(signing, context, seal)) throw forgedTask(info.activityType);
      try {
        return sealResult(await next({ ...input, args: seal === undefined ? args.map(plain) : args }), answer);
      } catch (error) {
        throw error instanceof LateAnswer ? sealLater(error, answer) : sealFailure(error, answer);
      }
    },
  };
}

function isGood({ used }: WorkerSigning, { info }: Context, seal: Seal): boolean {
  const right =
    seal.kind === 'activity' && seal.name === info.activityType && seal.run === info.workflowExecution?.runId;
  if (!right) return false;
  // Its history is its worker's: nobody else can hand out a local activity.
  if (info.isLocal) return true;
  // Later attempts at one task have the time of the first. A copy of the task has another one.
  const inTime = info.scheduledTimestampMs - seal.at <= SEAL_LIFE_MS;
  return inTime && used.use(seal, String(info.scheduledTimestampMs));
}

function forgedTask(name: string): ApplicationFailure {
  return withoutStack(
    ApplicationFailure.create({
      type: 'ForgedTask',
      nonRetryable: true,
      message: `ForgedError: orch's worker did not hand out this ${name}, or has already run it`,
    }),
  );
}

function sealLater({ wait }: LateAnswer, seal: Seal): LateAnswer {
  return new LateAnswer(async (signal) => {
    try {
      return sealResult(await wait(signal), seal);
    } catch (error) {
      throw sealFailure(error, seal);
    }
  });
}

function sealFailure(error: unknown, seal: Seal): unknown {
  // An aborted call is the SDK's to tell, and says nothing but that.
  if (error instanceof CompleteAsyncError || (error instanceof Error && error.name === 'AbortError')) return error;
  const failure = error instanceof CancelledFailure ? error : ensureApplicationFailure(error);
  return Object.assign(failure, { details: [...(failure.details ?? []), { orch_seal: seal }] });
}
