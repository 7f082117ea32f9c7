import { z } from 'zod';
import type { OrchClient } from '../../client/orch-client.js';
import type { VerbAccepted } from '../../contract/run-messages.js';
import type { VerbAnswer } from '../../ui/api.js';
import { cancelRun } from '../cancel-run.js';
import type { CliContext } from '../context.js';
import { forPeople } from '../render/format.js';
import { Refusal } from './http.js';
import { defined } from '../../basics/defined.js';

const step = z.string().min(1);
const decision = {
  step,
  comment: z.string().optional(),
  by: z.string().min(1).optional(),
  inputs: z.record(z.string(), z.string()).optional(),
};

/**
 * What the page may ask of a run. Who asks is said by the proxy, or is whoever has started the page. They may decide under
 * another name, as with `--by` of the commands: on the embedded service it is all theirs anyway.
 */
const requestSchema = z.discriminatedUnion('verb', [
  z.strictObject({ verb: z.literal('approve'), ...decision }),
  z.strictObject({ verb: z.literal('reject'), ...decision }),
  z.strictObject({ verb: z.literal('answer'), step, text: z.string() }),
  z.strictObject({ verb: z.literal('skip'), step, propagate: z.boolean().optional() }),
  z.strictObject({ verb: z.literal('cancelStep'), step }),
  z.strictObject({ verb: z.literal('retry'), step }),
  z.strictObject({ verb: z.literal('pause') }),
  z.strictObject({ verb: z.literal('resume') }),
  z.strictObject({ verb: z.literal('cancel'), force: z.boolean().optional() }),
]);

/**
 * Steers a run as the commands do.
 *
 * @param request what is asked, and the user who asks, where a proxy knows it
 * @throws Refusal where the request is none; OrchError as of the client
 */
export async function steerRequest(
  context: CliContext,
  client: OrchClient,
  runId: string,
  { body, by }: { body: unknown; by: string | undefined },
): Promise<VerbAnswer> {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) throw new Refusal(400, `This is not a request to a run: ${z.prettifyError(parsed.error)}`);
  const { verb, ...asked } = parsed.data;
  if (by !== undefined && 'by' in asked && asked.by !== by) {
    throw new Refusal(403, `You are ${by} to this page, and cannot decide as somebody else`);
  }
  const what = defined({ ...asked, ...(by !== undefined && { by }) });
  if (verb === 'cancel') {
    const { text } = await cancelRun(context, client, runId, what);
    return forPeople({ said: text });
  }
  const accepted = await client.steer(runId, verb, what);
  return forPeople({ said: saidOf(runId, verb, accepted) });
}

function saidOf(runId: string, verb: string, { step: about, status }: VerbAccepted): string {
  if (verb === 'approve') return `${about}: approved`;
  if (verb === 'reject') return `${about}: rejected`;
  if (verb === 'answer') return `${about}: answered; the agent continues`;
  if (verb === 'retry') return `${about}: ${status}; it is being retried`;
  if (verb === 'cancelStep' && status !== 'canceled') return `${about}: cancel requested; it is being stopped`;
  return `${about ?? runId}: ${status}`;
}
