import type { OrchClient } from '../../client/orch-client.js';
import { connect, settingsOf } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { orLoop, showLoop } from '../loop/follow.js';
import { fewSteps, leftText } from '../render/few-steps.js';
import { duration, forPeople, longest, statusWord } from '../render/format.js';
import { logLinks } from '../log-links.js';
import { table } from '../render/table.js';
import { failedNotifications, isoTime, stepJson, tasksJson, usageOf, type RunJson } from '../render/run-json.js';
import { countTasks, renderTaskCounts, tasksOf } from '../render/task-counts.js';
import { subRunsText } from '../render/sub-runs.js';
import { usageLines } from '../render/summary.js';
import { unheardLines } from '../render/unheard.js';
import { againLines, failureLines } from '../render/what-next.js';
import { gatherAlike, othersText, whyText } from '../render/why.js';
import { rerunOutlook } from '../rerun-outlook.js';
import { workerTrouble } from '../../service/index.js';
import { recordProgress } from '../../client/ended-run.js';
import { OrchError } from '../../client/errors.js';
import { hasRoom } from '../../host/disk-room.js';
import { stateDir } from '../../records/paths.js';
import { readRecordFiles } from '../../records/run-folders.js';
import { parkedRun, parkedText } from '../../records/slow-tasks.js';
import { groupForDisplay } from '../../plan/graph/display-order.js';
import type { StepView } from '../../contract/run-messages.js';
import type { RunDescription, RunState, RunSummary } from '../../client/types.js';
import type { Styles } from '../terminal.js';
import { defined } from '../../basics/defined.js';

/** `orch status RUN`, which a loop may be, too. Exits 0 whenever it could answer. */
export async function status(context: CliContext, runId: string, flags: { json?: boolean }): Promise<number> {
  const client = await connect(context, false);
  try {
    const show = async (): Promise<number> => {
      const described = await client.describe(runId).catch((error: unknown) => fromFiles(context, runId, error));
      const run = await withRecord(context, withTrouble(context, withParking(context, described)));
      if (flags.json) context.out(`${JSON.stringify(statusJson(run), null, 2)}\n`);
      else context.out(renderStatus(context, forPeople(run), await whatNext(context, client, run)));
      return EXIT.succeeded;
    };
    return await orLoop(client, runId, show, (loops) => showLoop(context, loops, runId, flags));
  } finally {
    await client.close();
  }
}

/** Of a run that has ended without success: what failed, and how it is done again. */
async function whatNext(context: CliContext, client: OrchClient, run: RunDescription): Promise<string[]> {
  const { run_id, status: state, finished_at, parent_run_id, progress, format } = run;
  if (finished_at === undefined || state === 'succeeded' || progress === undefined) return [];
  const steps = forPeople(format === 'exec-manifest' ? tasksOf(progress.steps) : progress.steps);
  const failures = failureLines(context.outColors, run_id, steps, logLinks(context, context.outColors));
  // What is part of another run is done again with that.
  if (parent_run_id !== undefined) return failures;
  const outlook = await rerunOutlook(context, client, run_id, progress.total_steps);
  return [...failures, ...againLines(run_id, { outlook })];
}

/** A run that is stuck may have been parked by the worker of this machine, which alone knows. */
function withParking(context: CliContext, run: RunDescription): RunDescription {
  if (run.stuck === undefined) return run;
  const state = stateDir(context.env);
  const note = parkedRun(state, run.run_id);
  return note === undefined ? run : { ...run, stuck: parkedText(state, note) };
}

/**
 * A run of the embedded service as its record tells it, where the service does not answer: on a full disk its server can't
 * work. @throws what the service was asked and failed with, where there is no record
 */
async function fromFiles(context: CliContext, runId: string, error: unknown): Promise<RunDescription> {
  const unreachable = error instanceof OrchError && error.code === 'service_unreachable';
  if (!unreachable || settingsOf(context) !== undefined) throw error;
  const state = stateDir(context.env);
  const files = await readRecordFiles(state, runId);
  if (files === undefined) throw error;
  const { manifest } = files;
  const progress = recordProgress(files);
  const why = hasRoom(state) ? '' : `: there is no room left on the disk of ${state}`;
  return {
    run_id: runId,
    plan_id: manifest.plan_id,
    status: manifest.status === 'pending' ? 'running' : manifest.status,
    started_at: progress.started_at,
    ...defined({ finished_at: progress.finished_at }),
    progress,
    stale: true,
    stuck: `the service does not answer${why}; this is what the record of the run says`,
  };
}

/** What the record says of a run whose worker has not come to answering: that of a large one takes its time. */
async function withRecord(context: CliContext, run: RunDescription): Promise<RunDescription> {
  if (!run.busy || settingsOf(context) !== undefined) return run;
  const files = await readRecordFiles(stateDir(context.env), run.run_id);
  return files?.manifest.finished_at === null ? { ...run, progress: recordProgress(files) } : run;
}

/** Why nobody answers, where it is that the worker of this machine dies over and over. */
function withTrouble(context: CliContext, run: RunDescription): RunDescription {
  if (!run.stale || run.stuck !== undefined || settingsOf(context) !== undefined) return run;
  const trouble = workerTrouble(context.env);
  return trouble === undefined ? run : { ...run, stuck: trouble };
}

/** `orch list`. */
export async function list(
  context: CliContext,
  flags: { limit: string; status?: RunState; open?: boolean; all?: boolean; json?: boolean },
): Promise<number> {
  const limit = Number(flags.limit);
  if (!Number.isInteger(limit) || limit < 1)
    throw new UsageError(`--limit ${flags.limit}: give a whole number above 0`);
  const client = await connect(context, false);
  try {
    const runs = await client.list({
      limit,
      all: flags.all === true,
      ...defined({ status: flags.status, open: flags.open }),
    });
    if (flags.json) {
      const rows = runs.map((run) => ({
        run_id: run.run_id,
        plan_id: run.plan_id,
        status: run.status,
        started_at: isoTime(run.started_at),
        finished_at: isoTime(run.finished_at),
        project: run.project ?? null,
        tags: run.tags ?? [],
        started_by: run.started_by ?? null,
        parent_run_id: run.parent_run_id ?? null,
      }));
      context.out(`${JSON.stringify(rows, null, 2)}\n`);
    } else if (runs.length === 0) {
      context.note('no runs\n');
    } else {
      const rows = runs.map((run) => [
        run.run_id,
        run.status,
        isoTime(run.started_at) ?? '',
        duration((run.finished_at ?? Date.now()) - run.started_at),
        run.project ?? '',
      ]);
      const [head, ...lines] = table([['RUN', 'STATUS', 'STARTED', 'TOOK', 'PROJECT'], ...rows]).split('\n');
      // The columns are made before: a link has no width.
      const linked = lines.map((line, i) => withLink(context.outColors, line, runs[i]!, client));
      context.out(`${[head, ...linked].join('\n')}\n`);
    }
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

function statusJson(run: RunDescription): RunJson {
  return {
    run_id: run.run_id,
    plan_id: run.plan_id,
    status: run.status,
    warnings: run.progress?.warnings ?? null,
    started_at: isoTime(run.started_at),
    finished_at: isoTime(run.finished_at),
    web_ui: run.web_ui ?? null,
    stale: run.stale,
    ...(run.busy && { busy: true }),
    ...defined({ stuck: run.stuck, waits_for: run.progress?.waits_for }),
    ...tasksJson(run.format, run.progress?.steps),
    ...defined({ outputs: run.progress?.outputs, recommendations: run.progress?.recommendations }),
    ...failedNotifications(run.progress?.failed_notifications),
    ...usageOf(run.progress?.steps ?? []),
    steps: run.progress?.steps.map(stepJson) ?? [],
  };
}

/** A line of the list, whose run leads to Temporal's Web UI. */
function withLink({ link }: Styles, line: string, { run_id }: RunSummary, client: OrchClient): string {
  return line.startsWith(run_id) ? link(run_id, client.webUiOf(run_id)) + line.slice(run_id.length) : line;
}

function renderStatus(context: CliContext, run: RunDescription, next: readonly string[]): string {
  const took = duration((run.finished_at ?? Date.now()) - run.started_at);
  const { link } = context.outColors;
  const logs = logLinks(context, context.outColors);
  const lines = [`${link(run.run_id, run.web_ui)} ${context.outColors.bold(run.status)} (${took})`];
  if (run.parent_run_id !== undefined) lines.push(`  part of ${run.parent_run_id}`);
  if (run.web_ui !== undefined) lines.push(`  Web UI  ${run.web_ui}`);
  if (run.stuck !== undefined) lines.push(`  stuck  ${run.stuck}`);
  else if (run.busy) lines.push(`  ${busyText(run)}`);
  else if (run.stale)
    lines.push('  steps unknown: no worker is polling, so the run cannot be queried (`orch up`, or `orch worker`)');
  else if (run.progress === undefined) lines.push('  it ended before it began, so none of its steps ran');
  if (run.progress?.waits_for !== undefined) lines.push(`  the run ${run.progress.waits_for}`);
  const isManifest = run.format === 'exec-manifest';
  const steps = isManifest ? tasksOf(run.progress?.steps ?? []) : (run.progress?.steps ?? []);
  const { shown, left } = fewSteps(steps);
  const width = longest(
    shown.map(({ id }) => id),
    4,
  );
  for (const { group, items } of groupForDisplay(shown)) {
    if (group !== undefined) lines.push(`  ${context.outColors.dim(group)}`);
    for (const { first, others } of gatherAlike(items)) {
      lines.push(stepLine(context, first, others, { width, address: logs(run.run_id, first) }));
    }
  }
  if (left.length > 0) lines.push(`  ${leftText(left)}; \`orch status ${run.run_id} --json\` lists them all`);
  lines.push(...usageLines(run.progress?.steps ?? []));
  lines.push(...(run.progress?.recommendations ?? []).map((each) => `  recommended  ${each}`));
  lines.push(...unheardLines(run.progress?.failed_notifications));
  lines.push(...next);
  const counts = isManifest && !run.stale ? renderTaskCounts(context.outColors, countTasks(steps)) : '';
  return `${lines.join('\n')}\n${counts}`;
}

function busyText({ progress }: RunDescription): string {
  const why = 'the worker is busy, perhaps with reading the long history of this run';
  return progress === undefined
    ? `steps unknown: ${why}; ask again in a moment`
    : `${why}: these are its steps as its record has them`;
}

function stepLine(
  context: CliContext,
  step: StepView,
  others: readonly StepView[],
  { width, address }: { width: number; address: string | undefined },
): string {
  const end = step.finished_at ?? (step.status === 'running' ? Date.now() : undefined);
  const time = step.started_at === undefined || end === undefined ? '' : duration(end - step.started_at);
  const live = step.live === undefined ? '' : context.outColors.dim(step.live);
  const warning = step.warning === undefined ? '' : `warning: ${step.warning}`;
  const tries = step.finished_at !== undefined && step.attempts > 1 ? `${step.attempts} attempts` : '';
  const why = [whyText(step), tries, othersText(others), warning, live, subRunsText(step)].filter(Boolean).join('; ');
  const tags = step.tags === undefined ? '' : ` ${context.outColors.dim(`[${step.tags.join(', ')}]`)}`;
  const state = statusWord(context.outColors, step.status);
  const id = context.outColors.link(step.id, address);
  return `  ${state} ${id}${''.padEnd(width - step.id.length)} ${time.padStart(7)}  ${why}${tags}`.trimEnd();
}
