import type { Client } from '@temporalio/client';
import { createState, explain, type Program, type RunState, type StepState } from '../engine/index.js';
import { isFinished, type Manifest, type ManifestStep } from '../journal/index.js';
import type { Explanation, ProgressView, RunResult, StepView } from '../contract/run-messages.js';
import { byText, countStatuses } from '../contract/statuses.js';
import { unheardOf } from '../contract/notify.js';
import { buildGraph } from '../plan/graph/graph.js';
import type { Plan } from '../plan/model/plan.js';
import type { DescribedRun } from './describe.js';
import { OrchError } from './errors.js';
import { runOutcome } from './outcome.js';
import type { ClientSigning } from './sealed-result.js';
import { defined } from '../basics/defined.js';

/** What of a run's record is needed here. */
export interface RecordFiles {
  manifest: Manifest;
  /** As it was written. */
  plan: unknown;
}

/** Reads the record of a run from its folder, where that is on this machine. */
export type ReadFiles = (runId: string) => Promise<RecordFiles | undefined>;

/** How far the ends of one run may be apart, as the run and the service have them. Milliseconds. */
const SAME_END_MS = 60_000;

/**
 * What a closed run came to, without asking it: to answer, a worker would replay its whole history. The service keeps the
 * result of a run that succeeded or failed; of all others the files of their record tell.
 *
 * @returns undefined where neither does: then the run has to be asked
 */
export async function endedProgress(
  client: Client,
  described: DescribedRun,
  signing: ClientSigning | undefined,
  readFiles: ReadFiles | undefined,
): Promise<ProgressView | undefined> {
  const { run, temporal_run_id } = described;
  // The result of a sub-plan's run is short, for it stands in the history of the run above.
  if ((run.status === 'succeeded' || run.status === 'failed') && run.parent_run_id === undefined) {
    try {
      return asProgress(await runOutcome(client, run.run_id, signing), undefined);
    } catch (error) {
      // It ended before it began, or was ended from outside; what is forged must be told.
      if (!(error instanceof OrchError) || error.code === 'forged') throw error;
    }
  }
  const files = await readFiles?.(run.run_id);
  if (files === undefined || !isFinished(files.manifest) || files.manifest.finished_at === null) return undefined;
  const { manifest } = files;
  const apart = Math.abs(Date.parse(files.manifest.finished_at) - (run.finished_at ?? Number.NaN));
  const same = manifest.temporal_run_id === temporal_run_id || apart < SAME_END_MS;
  return same ? recordProgress(files) : undefined;
}

/** The result of a run as its progress. */
export function asProgress(result: RunResult, last: ProgressView | undefined): ProgressView {
  const { steps, status, ...rest } = result;
  const view = { ...rest, status, steps, counts: countStatuses(steps), held: [] };
  return { ...view, version: (last?.version ?? 0) + 1, total_steps: steps.length };
}

/** What the record tells of a run: of one that has ended all, of an open one what had happened when it was last written. */
export function recordProgress({ manifest, plan }: RecordFiles): ProgressView {
  const written = new Map(writtenSteps(plan).map((step) => [step.id, step]));
  const steps = manifest.steps.map((step) => ({ ...stepOf(step), ...headingOf(written.get(step.id)) }));
  const { status, started_at, created_at, finished_at } = manifest;
  return {
    run_id: manifest.run_id,
    plan_id: manifest.plan_id,
    status: status === 'terminated' || status === 'timed_out' ? 'canceled' : status,
    version: 1,
    total_steps: steps.length,
    counts: countStatuses(steps),
    warnings: manifest.warnings ?? 0,
    held: [],
    started_at: timeOf(started_at ?? created_at) ?? 0,
    ...defined({ finished_at: timeOf(finished_at), failed_notifications: failedOf(manifest) }),
    steps,
  };
}

function failedOf({ failed_notifications: failed }: Manifest): ProgressView['failed_notifications'] {
  return failed?.map(({ step, ...rest }) => ({ ...rest, ...defined({ step }) }));
}

function stepOf(step: ManifestStep): StepView {
  const { id, status, executions, outputs, child_run_id, agent } = step;
  return {
    id,
    status,
    attempts: executions,
    ...defined({
      reason: (step.reason as StepView['reason'] | null) ?? undefined,
      message: step.message ?? (step.by === null ? undefined : byText(status, step.by)),
      exit_code: step.exit_code ?? undefined,
      signal: step.attempts.at(-1)?.signal ?? undefined,
      started_at: timeOf(step.started_at),
      finished_at: timeOf(step.finished_at),
      stdout_tail: step.stdout_tail || undefined,
      stderr_tail: step.stderr_tail || undefined,
      agent: agent ?? undefined,
    }),
    ...(child_run_id !== null && { sub_runs: [child_run_id] }),
    ...(step.recovered && { recovered: true }),
    ...(Object.keys(outputs).length > 0 && { outputs }),
  };
}

/** What a plan says of a step's place in a list. */
interface WrittenStep {
  id: string;
  ui_hints?: { group?: string; weight?: number };
  tags?: readonly string[];
}

function writtenSteps(plan: unknown): readonly WrittenStep[] {
  const { steps } = (plan ?? {}) as { steps?: unknown };
  return Array.isArray(steps) ? (steps as WrittenStep[]) : [];
}

function headingOf(step: WrittenStep | undefined): Partial<StepView> {
  const { group, weight } = step?.ui_hints ?? {};
  const tags = step?.tags ?? [];
  return { ...defined({ group: group ?? undefined }), ...(weight && { weight }), ...(tags.length > 0 && { tags }) };
}

function timeOf(text: string | null): number | undefined {
  return text === null ? undefined : Date.parse(text);
}

/** Why a step of a run that has ended is as it is. @returns undefined where the plan has no such step */
export function explainEnded(plan: Plan, progress: ProgressView, step: string): Explanation | undefined {
  const program: Program = { plan, graph: buildGraph(plan) };
  const found = explain(program, stateOf(program, progress), step);
  if (found === undefined) return undefined;
  return { ...found, lines: [...found.lines, ...unheardOf(progress.failed_notifications, step)] };
}

/** The state of the run, as far as it says why steps ended. */
function stateOf(program: Program, progress: ProgressView): RunState {
  const state = createState(program, progress.started_at);
  const views = new Map(progress.steps.map((view) => [view.id, view]));
  state.steps.forEach((step, index) => {
    const view = views.get(program.graph.ids[index]!);
    if (view !== undefined) Object.assign(step, stateOfStep(view, program.plan.steps[index]!.on_failure));
  });
  return { ...state, status: progress.status, phase: 'finally' };
}

function stateOfStep(view: StepView, onFailure: Plan['steps'][number]['on_failure']): Partial<StepState> {
  const { status, reason, message, attempts, recovered, sub_runs } = view;
  const by = /^by (.+)$/s.exec(message ?? '')?.[1];
  const said = by === undefined && message !== undefined ? { message } : {};
  return {
    status,
    ...defined({ reason, finishedAt: view.finished_at }),
    ...(by === undefined ? said : { by }),
    ...(recovered && { recovered }),
    ...defined({ subRuns: sub_runs }),
    report: { status: status === 'success' || status === 'warning' ? status : 'failed', attempts, ...said },
    standing: standingOf(view, onFailure),
  };
}

function standingOf({ status, reason, recovered }: StepView, onFailure: string): NonNullable<StepState['standing']> {
  if (status === 'failed') return recovered || onFailure === 'continue' ? 'ok' : 'failed';
  if (status !== 'skipped') return status === 'canceled' ? 'failed' : 'ok';
  if (reason === 'dependency_failed') return 'failed';
  return reason === 'dependency_skipped' || reason === 'condition_false' ? 'skipped' : 'ok';
}
