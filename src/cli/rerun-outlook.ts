import type { OrchClient } from '../client/orch-client.js';
import { decideRerun } from '../client/rerun.js';
import { defined } from '../basics/defined.js';
import { typedPath } from '../host/typed-path.js';
import { settingsOf } from './connect.js';
import type { CliContext } from './context.js';
import { preparePast, rerunOptions } from './rerun-options.js';

/** How many steps `orch rerun RUN` would take over, and how many it would run. */
export interface RerunOutlook {
  reuses: number;
  runs: number;
  /** The file that its plan was read from, as one would type it here. */
  plan_file?: string;
}

/** Of larger runs it takes too long to say. */
const MOST_STEPS = 10_000;

/**
 * What `orch rerun RUN` would do, by the decision that the rerun itself makes; undefined where it could not start as
 * the run is, for want of a variable, say.
 */
export async function rerunOutlook(
  context: CliContext,
  client: OrchClient,
  runId: string,
  steps: number,
): Promise<RerunOutlook | undefined> {
  if (steps > MOST_STEPS) return undefined;
  try {
    const past = await client.pastRun(runId);
    const options = await rerunOptions(context, past, past.plan, { input: [], env: [] });
    const next = preparePast(past, options, settingsOf(context) === undefined);
    const { reused, again } = decideRerun(past, next);
    const { plan_file: file } = past.input;
    const plan_file = file === undefined ? undefined : typedPath(context.cwd, file);
    return { reuses: reused.length, runs: again.length, ...defined({ plan_file }) };
  } catch {
    return undefined; // it is an extra: `orch rerun` says what is missing
  }
}
