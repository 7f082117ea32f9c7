import { z } from 'zod';
import type { OrchClient } from '../../client/orch-client.js';
import type { RerunAnswer } from '../../ui/api.js';
import { defined } from '../../basics/defined.js';
import { decide } from '../commands/rerun.js';
import type { CliContext } from '../context.js';
import { forPeople } from '../render/format.js';
import { createStyles } from '../terminal.js';
import { Refusal } from './http.js';

const requestSchema = z.strictObject({
  dry_run: z.boolean(),
  from: z.array(z.string().min(1)).min(1).optional(),
});

/** Says what a rerun would reuse and run, or starts it, as `orch rerun` does. */
export async function rerunRequest(
  context: CliContext,
  client: OrchClient,
  runId: string,
  body: unknown,
): Promise<RerunAnswer> {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) throw new Refusal(400, `This is not a request for a rerun: ${z.prettifyError(parsed.error)}`);
  const { dry_run, from } = parsed.data;
  const notes: string[] = [];
  const plain = createStyles(false);
  const quiet: CliContext = {
    ...context,
    colors: plain,
    outColors: plain,
    note: (text) => void notes.push(text.trim()),
  };
  const { decision, start } = await decide(quiet, client, runId, { input: [], env: [], ...defined({ from }) });
  const started = dry_run ? undefined : await start();
  return forPeople({
    reused: decision.reused,
    again: decision.again.map(({ step, why, items }) => ({ step, why, ...defined({ items }) })),
    notes,
    ...defined({ run_id: started?.run_id }),
  });
}
