import { randomUUID } from 'node:crypto';
import type { FollowOptions } from '../../client/follow.js';
import type { OrchClient } from '../../client/orch-client.js';
import { readNotes } from '../../formats/exec-manifest/index.js';
import type { Plan } from '../../plan/model/plan.js';
import type { RunResult } from '../../contract/run-messages.js';
import { connect } from '../connect.js';
import { createReporter, type FollowFlags } from '../create-reporter.js';
import { EXIT, type CliContext } from '../context.js';
import type { FormatFlags } from '../options/format.js';
import { followLoop, orLoop } from '../loop/follow.js';
import { logLinks } from '../log-links.js';
import { loadPlanFile, type PlanFile } from '../load-plan.js';
import { tellMissingAgents } from '../missing-agents.js';
import { planFileOf, readEnv, readInputs, readSelection, type InputOptions } from '../options/plan.js';
import { inGithubJob, tellGithub } from '../tell-github.js';
import { rerunOutlook, type RerunOutlook } from '../rerun-outlook.js';
import type { ProgressReporter } from '../render/progress.js';
import { runJson } from '../render/run-json.js';
import { renderSummary, type EndedAs } from '../render/summary.js';
import { countTasks, isIncomplete, renderTaskCounts, tasksOf } from '../render/task-counts.js';
import { userNotify } from '../user-notify.js';
import { defined } from '../../basics/defined.js';

interface StartFlags extends InputOptions, FormatFlags, FollowFlags {
  id?: string;
  strict?: boolean;
  wait?: boolean;
}

interface WatchFlags extends FollowFlags {
  strict?: boolean;
}

/** `orch run PLAN`: starts it and follows it. */
export async function run(context: CliContext, file: string, flags: StartFlags): Promise<number> {
  const { client, plan, started } = await startPlan(context, file, flags);
  try {
    if (!flags.quiet) {
      const { bold, link } = context.colors;
      context.note(`run ${link(bold(started.run_id), started.web_ui)} (${sizeOf(plan.plan)})\n`);
      if (started.web_ui !== undefined) context.note(`${context.colors.dim(started.web_ui)}\n`);
    }
    const followed = { runId: started.run_id, plan: plan.plan, ids: plan.graph.ids };
    const reporter = await createReporter(context, client, followed, flags);
    return await followRun(context, client, started, { ...flags, isNew: true }, reporter);
  } finally {
    await client.close();
  }
}

function sizeOf(plan: Plan): string {
  const isManifest = readNotes(plan) !== undefined;
  const count = isManifest ? tasksOf(plan.steps).length : plan.steps.length;
  return `${count} ${isManifest ? 'task' : 'step'}${count === 1 ? '' : 's'}`;
}

/** `orch start PLAN`: starts it; with `--wait`, waits for its end. */
export async function start(context: CliContext, file: string, flags: StartFlags): Promise<number> {
  const { client, started } = await startPlan(context, file, flags);
  try {
    if (flags.wait) return await followRun(context, client, started, { ...flags, isNew: true });
    if (flags.json) context.out(`${JSON.stringify(started, null, 2)}\n`);
    else {
      context.out(`${started.run_id}\n`);
      if (started.web_ui !== undefined) context.note(`${context.colors.dim(started.web_ui)}\n`);
    }
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

/** `orch watch RUN`: follows a run, or a loop, that is already there. */
export async function watch(context: CliContext, runId: string, flags: WatchFlags): Promise<number> {
  const client = await connect(context, false);
  try {
    const follow = async (): Promise<number> => {
      const { web_ui, progress, format } = await client.describe(runId);
      const ids = progress?.steps.map((step) => step.id) ?? [];
      const started = { run_id: runId, ...defined({ web_ui }), ...(format && { format }) };
      const plan = flags.quiet ? undefined : await client.planOf(runId).catch(() => undefined);
      const reporter = await createReporter(context, client, { runId, plan, ids }, flags);
      return await followRun(context, client, started, flags, reporter);
    };
    const { json = false } = flags;
    return await orLoop(client, runId, follow, (loops) => followLoop(context, loops, runId, { json }));
  } finally {
    await client.close();
  }
}

interface Started {
  run_id: string;
  web_ui?: string;
  /** The format that its plan was converted from. */
  format?: string;
  /** The file of its plan, as it was named. */
  planFile?: string;
}

/** Everything about the plan and its inputs is checked before the service is touched. */
async function startPlan(
  context: CliContext,
  file: string,
  flags: StartFlags,
): Promise<{ client: OrchClient; plan: PlanFile; started: Started }> {
  const plan = await loadPlanFile(context, file, flags);
  const { preparePlan } = await import('../prepare-plan.js');
  const { settingsOf } = await import('../connect.js');
  const embedded = settingsOf(context) === undefined;
  const options = {
    inputs: await readInputs(context, flags),
    env: readEnv(context, flags),
    from: context.env,
    select: readSelection(flags),
    ...(embedded ? { baseDir: context.cwd } : {}),
    ...defined({ runId: flags.id, planFile: planFileOf(context, file) }),
    ...(await userNotify(context, embedded)),
  };
  const prepared = preparePlan(plan, options, embedded);
  for (const note of prepared.notes) context.note(`note: ${note}\n`);
  // Elsewhere the workers have programs of their own.
  if (embedded) {
    await tellMissingAgents(context, prepared, { file: plan });
    (await import('../unheard-secrets.js')).tellUnheardSecrets(context, prepared);
  }
  const client = await connect(context, true);
  try {
    const started = await client.start(prepared);
    return { client, plan, started: { ...started, ...formatOf(plan.plan), ...(file !== '-' && { planFile: file }) } };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** What a run is followed with, of the plan that it runs. */
export function formatOf(plan: Plan): { format?: string } {
  return readNotes(plan) === undefined ? {} : { format: 'exec-manifest' };
}

/** Follows a run to its end, or until Ctrl-C, which ends the following only. */
export async function followRun(
  context: CliContext,
  client: OrchClient,
  started: Started,
  flags: WatchFlags & Pick<FollowOptions, 'isNew'>,
  reporter?: ProgressReporter,
): Promise<number> {
  const detach = new AbortController();
  // Reasons of our own: nothing else can be mistaken for them.
  const detached = randomUUID();
  const quarantined = randomUUID();
  const isManifest = started.format === 'exec-manifest';
  let held: readonly string[] = [];
  const onInterrupt = (): void => detach.abort(detached);
  process.on('SIGINT', onInterrupt);
  try {
    const result = await client.follow(started.run_id, {
      signal: detach.signal,
      ...defined({ isNew: flags.isNew }),
      onChange(steps, progress) {
        reporter?.onChange(isManifest ? tasksOf(steps) : steps, progress);
        held = progress.held;
        if (progress.status === 'quarantined' && progress.counts.running === 0) detach.abort(quarantined);
      },
      ...(reporter === undefined ? {} : { onSilence: reporter.onSilence, onLive: reporter.onLive }),
    });
    await reporter?.close(isManifest ? tasksOf(result.steps) : result.steps);
    const about = {
      ...started,
      outlook: flags.json ? undefined : await outlookOf(context, client, result),
      logs: logLinks(context, context.outColors),
    };
    if (flags.json) context.out(`${JSON.stringify(runJson(result, started), null, 2)}\n`);
    else context.out(summaryOf(context, result, about));
    if (inGithubJob(context)) await tellGithub(context, result, about);
    return exitCodeOf(result, isManifest, flags.strict === true);
  } catch (error) {
    await reporter?.close();
    if (error === quarantined) return reportQuarantine(context, started.run_id, held, flags.json === true);
    if (error !== detached) throw error;
    context.note(`\ndetached; the run continues\n`);
    context.note(
      `  follow it again:  orch watch ${started.run_id}\n  end it:           orch cancel ${started.run_id}\n`,
    );
    return EXIT.detached;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** What a rerun would do, of a run that did not succeed. */
async function outlookOf(
  context: CliContext,
  client: OrchClient,
  { run_id, status, steps }: RunResult,
): Promise<RerunOutlook | undefined> {
  return status === 'succeeded' ? undefined : rerunOutlook(context, client, run_id, steps.length);
}

function summaryOf({ outColors }: CliContext, result: RunResult, about: Started & EndedAs): string {
  if (about.format !== 'exec-manifest') return renderSummary(outColors, result, about);
  const summary = renderSummary(outColors, { ...result, steps: tasksOf(result.steps) }, about);
  return `${summary}${renderTaskCounts(outColors, countTasks(result.steps))}`;
}

/** The run stays open for a person; what they can do is theirs to choose, so the command ends here. */
function reportQuarantine(context: CliContext, runId: string, held: readonly string[], json: boolean): number {
  if (json) context.out(`${JSON.stringify({ run_id: runId, status: 'quarantined', held }, null, 2)}\n`);
  const step = held[0] ?? 'STEP';
  context.note(
    [
      `${runId} is quarantined: ${held.join(', ')} failed, and the run waits for you`,
      `  try again:             orch retry ${runId} ${step}`,
      `  continue without it:   orch skip ${runId} ${step}`,
      `  give up what failed:   orch resume ${runId}`,
      `  end the run:           orch cancel ${runId}`,
      '',
    ].join('\n'),
  );
  return EXIT.quarantined;
}

function exitCodeOf(result: RunResult, isManifest: boolean, strict: boolean): number {
  if (result.status === 'canceled') return EXIT.canceled;
  if (isManifest && isIncomplete(countTasks(result.steps))) return EXIT.failed;
  if (result.status === 'failed' || (strict && result.warnings > 0)) return EXIT.failed;
  return EXIT.succeeded;
}
