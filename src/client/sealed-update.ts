import type { Client } from '@temporalio/client';
import { defineUpdate } from '@temporalio/workflow';
import { ForgedError } from '../temporal/forged.js';
import { newSeal } from '../temporal/sealed-calls.js';
import { openResult, sealArgs } from '../workflows/seal.js';

/**
 * Sends an update; on the embedded service sealed, and what it gives back is the answer to this one.
 *
 * @throws ForgedError where somebody else has answered; as `executeUpdate`
 */
export async function sealedUpdate<T>(
  client: Client,
  workflowId: string,
  name: string,
  what: unknown,
  signing: object | undefined,
): Promise<T> {
  const handle = client.workflow.getHandle(workflowId);
  const update = defineUpdate<unknown, [unknown, unknown?]>(name);
  if (signing === undefined) return (await handle.executeUpdate(update, { args: [what] })) as T;
  const sent = newSeal('update', name);
  const { value, seal } = openResult(
    await handle.executeUpdate(update, { args: sealArgs([what], sent) as [unknown, unknown] }),
  );
  if (seal?.of !== sent.id) throw new ForgedError(`the answer to ${name}`);
  return value as T;
}
