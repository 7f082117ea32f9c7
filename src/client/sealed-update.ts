import type { Client } from '@temporalio/client';
import { defineUpdate } from '@temporalio/workflow';
import { ForgedError } from '../temporal/forged.js';
import { newSeal } from '../temporal/sealed-calls.js';
import { openResult, sealArgs } from '../contract/seal.js';

/** An update, and the id of the request: one that is sent again is taken in once. */
export interface UpdateRequest {
  name: string;
  given: unknown;
  updateId: string;
}

/**
 * Makes an update that can be sent any number of times; on the embedded service it is sealed, and what it gives back is
 * the answer to this one.
 *
 * @returns sends it. @throws ForgedError where somebody else has answered; as `executeUpdate`
 */
export function sealedUpdate<T>(
  client: Client,
  workflowId: string,
  { name, given, updateId }: UpdateRequest,
  signing: object | undefined,
): () => Promise<T> {
  const handle = client.workflow.getHandle(workflowId);
  const update = defineUpdate<unknown, [unknown, unknown?]>(name);
  if (signing === undefined) return async () => (await handle.executeUpdate(update, { args: [given], updateId })) as T;
  const sent = newSeal('update', name);
  const args = sealArgs([given], sent) as [unknown, unknown];
  return async () => {
    const { value, seal } = openResult(await handle.executeUpdate(update, { args, updateId }));
    if (seal?.of !== sent.id) throw new ForgedError(`the answer to ${name}`);
    return value as T;
  };
}
