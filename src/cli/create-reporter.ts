import type { OrchClient } from '../client/orch-client.js';
import type { Plan } from '../plan/model/plan.js';
import type { CliContext } from './context.js';
import { SubRunFollower } from './follow-sub-runs.js';
import { lineReporter, type ProgressReporter } from './render/progress.js';

/** What shows a run while it is followed: a view that is redrawn on a terminal, lines elsewhere. */
export async function createReporter(
  context: CliContext,
  client: OrchClient,
  { plan, ids }: { plan: Plan | undefined; ids: readonly string[] },
): Promise<ProgressReporter> {
  if (!context.live) return lineReporter(context, ids);
  const { LiveRun } = await import('./render/live-state.js');
  const { liveReporter } = await import('./render/live-reporter.js');
  const run = new LiveRun(plan);
  const reporter = liveReporter(context, run);
  const subRuns = new SubRunFollower(client, run);
  return {
    ...reporter,
    onChange(steps, progress) {
      reporter.onChange(steps, progress);
      subRuns.update();
    },
    async close(ended) {
      await reporter.close(ended);
      await subRuns.close();
    },
  };
}
