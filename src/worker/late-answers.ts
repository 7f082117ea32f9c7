import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, CancelledFailure, CompleteAsyncError, type Context } from '@temporalio/activity';
import {
  ActivityCancelledError,
  ActivityNotFoundError,
  ActivityResetError,
  type AsyncCompletionClient,
} from '@temporalio/client';
import type { ActivitySerializationContext } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { LateAnswer } from '../activities/late-answer.js';

/** Milliseconds between heartbeats. They only tell that this worker lives: who waits hears of a cancel by itself. */
const HEARTBEAT_MS = 5_000;
/** Milliseconds that a worker takes to hand over its waits, where the service may be gone. */
const CLOSE_MS = 2_000;

/** Nobody waits for the answer any more. */
const UNWANTED = new Error('Nobody waits for this answer');

/** For whom an answer is. */
interface About {
  serializationContext: ActivitySerializationContext;
}

type Completion = Pick<AsyncCompletionClient, 'complete' | 'fail' | 'heartbeat' | 'reportCancellation'>;

/** The waits of a worker that hold no place in it: activities that have thrown a {@link LateAnswer}. */
export class LateAnswers {
  private readonly open = new Map<AbortController, Promise<void>>();

  constructor(
    private readonly client: Completion,
    private readonly heartbeatMs = HEARTBEAT_MS,
  ) {}

  /** Lets an activity go whose answer comes later. It must be around all that has a part in the answer. */
  readonly interceptor = ({ info }: Pick<Context, 'info'>): ActivityInboundCallsInterceptor => ({
    execute: async (input, next) => {
      try {
        return await next(input);
      } catch (error) {
        if (!(error instanceof LateAnswer)) throw error;
        const stop = new AbortController();
        this.open.set(
          stop,
          this.answer(error, info, stop).finally(() => this.open.delete(stop)),
        );
        throw new CompleteAsyncError();
      }
    },
  });

  /** Hands all that is still waited for to other workers, at once; as far as the service can be reached. */
  async close(): Promise<void> {
    for (const stop of this.open.keys()) {
      stop.abort(ApplicationFailure.retryable('The worker stopped while it waited for an answer', 'WorkerStopped'));
    }
    await Promise.race([Promise.all(this.open.values()), sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  /** What cannot be said is not said: without heartbeats Temporal has another worker wait. */
  private async answer({ wait }: LateAnswer, info: Context['info'], stop: AbortController): Promise<void> {
    const { taskToken } = info;
    const about: About = { serializationContext: contextOf(info) };
    const beat = setInterval(() => {
      this.client.heartbeat(taskToken, undefined, about).catch((error: unknown) => {
        if (error instanceof ActivityCancelledError) stop.abort(new CancelledFailure('The wait was stopped'));
        else if (error instanceof ActivityNotFoundError || error instanceof ActivityResetError) stop.abort(UNWANTED);
      });
    }, this.heartbeatMs).unref();
    try {
      const answer = await wait(stop.signal);
      await this.client.complete(taskToken, answer, about);
    } catch (error) {
      if (stop.signal.reason !== UNWANTED) await this.fail(error, taskToken, about).catch(() => {});
    } finally {
      clearInterval(beat);
    }
  }

  private fail(error: unknown, token: Uint8Array, about: About): Promise<void> {
    if (!(error instanceof CancelledFailure)) return this.client.fail(token, error, about);
    return this.client.reportCancellation(token, error.details?.[0], about);
  }
}

/** The codec signs the answer for this one: the same as the SDK names for an answer that comes at once. */
function contextOf({ namespace, workflowExecution, activityId }: Context['info']): ActivitySerializationContext {
  return {
    type: 'activity',
    namespace,
    ...(workflowExecution && { workflowId: workflowExecution.workflowId }),
    activityId,
    isLocal: false,
  };
}
