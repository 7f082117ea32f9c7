import type { Client } from '@temporalio/client';
import { ForgedError } from '../temporal/forged.js';
import { isUnsigned, openResult } from '../contract/seal.js';

/** What tells genuine results on the embedded service. */
export interface ClientSigning {
  /** What closed before needs no signature, milliseconds since the epoch. */
  since: number;
}

/**
 * Opens what a workflow has left at its end: its result, or the last detail of its failure.
 *
 * @throws ForgedError where it is not of the last execution of this id, or not orch's at all
 */
export async function genuineEnd(
  client: Client,
  workflowId: string,
  given: unknown,
  signing: ClientSigning | undefined,
): Promise<unknown> {
  const { value, seal } = openResult(given);
  if (signing === undefined) return value;
  const { runId, closeTime } = await client.workflow.getHandle(workflowId).describe();
  if (seal?.kind === 'result' && seal.run === runId) return value;
  const old = closeTime !== undefined && closeTime.getTime() < signing.since;
  if (isUnsigned(given) && old) return given.value;
  throw new ForgedError(`the end of ${workflowId}`);
}

/** As {@link genuineEnd}, for the details of a failure: the seal is the last of them. */
export async function genuineFailure(
  client: Client,
  workflowId: string,
  details: readonly unknown[] | null | undefined,
  signing: ClientSigning | undefined,
): Promise<void> {
  await genuineEnd(client, workflowId, details?.at(-1), signing);
}
