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
  /** The plan as its file has it now; without it, as the run had it. A browser names no file, and sends no plan. */
  plan: z.literal('file').optional(),
});

/** Says what a rerun would reuse and run, or starts it, as `orch rerun` does. */
export async function rerunRequest(
  context: CliContext,
  client: OrchClient,
  runId: string,
  { body, by }: { body: unknown; by: string | undefined },
): Promise<RerunAnswer> {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) throw new Refusal(400, `This is not a request for a rerun: ${z.prettifyError(parsed.error)}`);
  const { dry_run, from, plan } = parsed.data;
  const notes: string[] = [];
  const plain = createStyles(false);
  const quiet: CliContext = {
    ...context,
    colors: plain,
    outColors: plain,
    note: (text) => void notes.push(text.trim()),
  };
  const planFile = await fileOf(client, runId);
  if (plan === 'file' && planFile === undefined)
    throw new Refusal(409, `It is not known which file ${runId} was started from`);
  const flags = { input: [], env: [], ...defined({ from, plan: plan && planFile, startedBy: by }) };
  const { decision, start } = await decide(quiet, client, runId, flags);
  const started = dry_run ? undefined : await start();
  return forPeople({
    reused: decision.reused,
    again: decision.again.map(({ step, why, items }) => ({ step, why, ...defined({ items }) })),
    notes,
    ...defined({ plan_file: planFile }),
    ...defined({ run_id: started?.run_id }),
  });
}

/** The file of the plan, where the run was started from one of this machine. */
async function fileOf(client: OrchClient, runId: string): Promise<string | undefined> {
  const { finished_at } = await client.describe(runId);
  return finished_at === undefined ? undefined : (await client.pastRun(runId)).input.plan_file;
}
