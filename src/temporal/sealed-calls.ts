import { randomBytes } from 'node:crypto';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { isUnsigned, sealArgs, type Seal } from '../contract/seal.js';
import { ForgedError } from './forged.js';

/**
 * Seals all that a client sends to workflows; its codec signs it. What nobody has signed is no answer to a query.
 *
 * Updates are sealed by whoever makes them, who has to know the seal: the answer must be to this one.
 */
export function sealedCalls(): WorkflowClientInterceptor {
  return {
    startWithDetails: (input, next) => next({ ...input, options: sealedStart(input.workflowType, input.options) }),
    signal: (input, next) => next({ ...input, args: sealArgs(input.args, newSeal('signal', input.signalName)) }),
    signalWithStart: (input, next) =>
      next({
        ...input,
        options: sealedStart(input.workflowType, input.options),
        signalArgs: sealArgs(input.signalArgs, newSeal('signal', input.signalName)),
      }),
    async query(input, next) {
      const answer = await next(input);
      if (isUnsigned(answer)) throw new ForgedError(`an answer of ${input.workflowExecution.workflowId ?? ''}`);
      return answer;
    },
  };
}

/** Makes the seal of a message from outside a workflow. */
export function newSeal(kind: Seal['kind'], name: string, more: Partial<Seal> = {}): Seal {
  return { kind, name, id: randomBytes(12).toString('hex'), at: Date.now(), ...more };
}

function sealedStart<T extends { args: unknown[]; taskQueue: string }>(type: string, options: T): T {
  return { ...options, args: sealArgs(options.args, newSeal('start', type, { queue: options.taskQueue })) };
}
