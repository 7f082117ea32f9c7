import { OrchError } from '../client/errors.js';
import type { OrchClient } from '../client/orch-client.js';
import type { RunDescription } from '../client/types.js';
import { stateDir } from '../records/paths.js';
import { forgetParked, parkedRun, parkedText, type SlowTask } from '../records/slow-tasks.js';
import type { CliContext } from './context.js';
import { defined } from '../basics/defined.js';

interface CancelOptions {
  /** Also end the `finally` steps, and a run that is parked. */
  force?: boolean;
  by?: string;
}

/** What was asked of a run, and that in words. */
interface Requested {
  requested: 'cancel' | 'terminate';
  text: string;
}

/** Cancels a run. @throws OrchError as of {@link OrchClient.cancel}; `run_stuck` for a parked run, but for `force` */
export async function cancelRun(
  context: CliContext,
  client: OrchClient,
  runId: string,
  { force, by }: CancelOptions,
): Promise<Requested> {
  const parked = parkedRun(stateDir(context.env), runId);
  if (parked !== undefined && isStuck(await client.describe(runId))) {
    return cancelParked(context, client, parked, defined({ force, by }));
  }
  await client.cancel(runId, { force: force === true, ...defined({ by }) });
  return { requested: 'cancel', text: `${runId}: cancel requested; its steps are being stopped` };
}

/** Whether an open run does not answer. */
function isStuck({ stale, finished_at }: RunDescription): boolean {
  return stale && finished_at === undefined;
}

/** A run that is left alone hears of no cancel. Only what ends it from outside does, and that is not done unasked. */
async function cancelParked(
  context: CliContext,
  client: OrchClient,
  parked: SlowTask,
  { force, by }: CancelOptions,
): Promise<Requested> {
  const state = stateDir(context.env);
  const runId = parked.run_id;
  if (force !== true) {
    throw new OrchError('run_stuck', `Cannot cancel: ${parkedText(state, parked)}`, { hint: 'other runs continue' });
  }
  await client.terminate(runId, `orch cancel --force${by === undefined ? '' : ` by ${by}`}: the run was parked`);
  forgetParked(state, parked);
  return {
    requested: 'terminate',
    text: `${runId}: terminated because it was parked; its \`finally\` steps do not run`,
  };
}
