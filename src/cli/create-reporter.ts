import { randomUUID } from 'node:crypto';
import type { OrchClient } from '../client/orch-client.js';
import type { Plan } from '../plan/model/plan.js';
import { stateDir } from '../records/paths.js';
import { settingsOf } from './connect.js';
import type { CliContext } from './context.js';
import { defined } from '../basics/defined.js';
import { logLinks } from './log-links.js';
import { SubRunFollower } from './follow-sub-runs.js';
import { lineReporter, type ProgressReporter } from './render/progress.js';
import { inGithubJob } from './tell-github.js';

/** How much is said of a run that is followed. */
export interface FollowFlags {
  /** What the steps print, too. Default: where there is no terminal, and CI is set. */
  logs?: boolean;
  /** Only how it ended. */
  quiet?: boolean;
  json?: boolean;
}

interface Followed {
  runId: string;
  plan: Plan | undefined;
  ids: readonly string[];
}

/** What shows a run while it is followed: a view that is redrawn on a terminal, lines elsewhere. */
export async function createReporter(
  context: CliContext,
  client: OrchClient,
  followed: Followed,
  flags: FollowFlags,
): Promise<ProgressReporter | undefined> {
  if (flags.quiet) return undefined;
  if (flags.logs ?? (inCi(context) && !flags.json)) return withLogs(context, followed, flags.logs === true);
  return context.live ? onTerminal(context, client, followed.plan) : lineReporter(context, followed.ids);
}

/** A log of a CI is read after all is over: then what the steps said should be in it. */
function inCi({ env, raw }: CliContext): boolean {
  return Boolean(env['CI']) && !('isTTY' in raw.stderr && raw.stderr.isTTY);
}

async function withLogs(
  context: CliContext,
  { runId, plan, ids }: Followed,
  asked: boolean,
): Promise<ProgressReporter> {
  if (asked && settingsOf(context) !== undefined) {
    context.note(
      'note: only the output of steps that run on this machine is shown; the rest is on the hosts of the workers\n',
    );
  }
  const { logReporter } = await import('./render/log-reporter.js');
  const lists = new Set(plan?.steps.flatMap(({ id, foreach }) => (foreach === undefined ? [] : [id])));
  const reporter = logReporter(context, { runId, ids, lists, stateDir: stateDir(context.env) });
  return inGithubJob(context) ? withoutCommands(context, reporter) : reporter;
}

/** In a job of GitHub Actions a printed line may be a command: none that a step prints is obeyed. */
function withoutCommands(context: CliContext, reporter: ProgressReporter): ProgressReporter {
  const token = randomUUID();
  context.note(`::stop-commands::${token}\n`);
  return {
    ...reporter,
    async close(ended) {
      await reporter.close(ended);
      context.note(`::${token}::\n`);
    },
  };
}

async function onTerminal(context: CliContext, client: OrchClient, plan: Plan | undefined): Promise<ProgressReporter> {
  const { LiveRun } = await import('./render/live-state.js');
  const { liveReporter } = await import('./render/live-reporter.js');
  const run = new LiveRun(plan);
  const logs = logLinks(context, context.colors);
  const reporter = liveReporter(context, run, (of, { id, status, log_dir, sub_runs, items }) => {
    const subRun = sub_runs?.at(-1);
    if (subRun !== undefined) return client.webUiOf(subRun);
    const instances = items === undefined ? [] : [...of.live.keys()].filter((name) => name.startsWith(`${id}[`));
    return logs(of.progress!.run_id, { id, status, ...defined({ log_dir }) }, instances);
  });
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
