import {
  isEnd,
  lockWaitText,
  peekSteps,
  stepStates,
  type Park,
  type Program,
  type RunState,
  type StepState,
} from '../../engine/index.js';
import { groupForDisplay } from '../../plan/graph/display-order.js';
import { stepField } from '../../plan/model/step-fields.js';
import { fitSteps } from './fit-steps.js';
import type { FailedNotification } from '../../contract/notify.js';
import type { ItemCounts, ProgressView, RunResult, StepView } from '../../contract/run-messages.js';
import { EXECUTION_FACTS, knownFacts, RESULT_FACTS } from '../../contract/step-facts.js';
import { byText } from '../../contract/statuses.js';
import type { StepReport } from '../../contract/step-result.js';
import { recommendations } from './recommendations.js';
import { plainMessage } from '../../basics/plain-message.js';
import { defined } from '../../basics/defined.js';

/** Steps shown in the Web UI's current details. */
const TABLE_ROWS = 50;

/** The run as the query `progress` answers it. */
export function progressView(
  runId: string,
  program: Program,
  state: RunState,
  {
    since,
    waitsFor,
    itemsOf,
    failedNotifications = [],
  }: {
    since?: number | undefined;
    waitsFor?: string | undefined;
    failedNotifications?: readonly FailedNotification[];
    itemsOf?: (step: number) => ItemCounts | undefined;
  } = {},
): ProgressView {
  const steps: StepView[] = [];
  const stepView = viewer(program);
  const stepAt = peekSteps(state.steps);
  const [statusOf, changedAt] = [stepStates(state.steps, 'status'), stepStates(state.steps, 'changed')];
  for (let index = 0; index < state.steps.length; index += 1) {
    const items = statusOf(index) === 'running' ? itemsOf?.(index) : undefined;
    // An item that ends is no change of its step.
    if (since !== undefined && changedAt(index) <= since && items === undefined) continue;
    const view = stepView(index, stepAt(index));
    if (items !== undefined) view.items = items;
    steps.push(view);
  }
  return {
    run_id: runId,
    plan_id: program.plan.plan_id,
    status: state.status,
    version: state.version,
    total_steps: state.steps.length,
    counts: { ...state.counts },
    warnings: state.warnings,
    ...defined({ waits_for: waitsFor }),
    ...(state.lock === undefined || state.finishedAt !== undefined ? {} : { waits_for: lockWaitText(state.lock) }),
    held: state.held.map((index) => program.graph.ids[index]!),
    ...recommended(program, state),
    ...notificationsOf(failedNotifications),
    started_at: state.startedAt,
    ...defined({ finished_at: state.finishedAt }),
    steps: fitSteps(steps),
  };
}

/** The result of a run that has ended. Tails stay out of successful steps: their logs have them. */
export function runResult(runId: string, program: Program, state: RunState, maxBytes?: number): RunResult {
  const { status, finishedAt } = state;
  if ((status !== 'succeeded' && status !== 'failed' && status !== 'canceled') || finishedAt === undefined) {
    throw new Error('Internal error: the run has not ended');
  }
  const stepView = viewer(program);
  const stepAt = peekSteps(state.steps);
  return {
    run_id: runId,
    plan_id: program.plan.plan_id,
    status,
    warnings: state.warnings,
    started_at: state.startedAt,
    finished_at: finishedAt,
    ...recommended(program, state),
    steps: fitSteps(
      program.graph.ids.map((_, index) => {
        const view = stepView(index, stepAt(index));
        if (view.status === 'success') {
          delete view.stdout_tail;
          delete view.stderr_tail;
        }
        return view;
      }),
      maxBytes,
    ),
  };
}

/** Those that came to nothing, as views have them. */
export function notificationsOf(failed: readonly FailedNotification[]): Pick<RunResult, 'failed_notifications'> {
  return failed.length === 0 ? {} : { failed_notifications: [...failed] };
}

function recommended(program: Program, state: RunState): Pick<RunResult, 'recommendations'> {
  const found = recommendations(program, state);
  return found.length === 0 ? {} : { recommendations: found };
}

/** A Markdown table of the steps for the Web UI; what needs a look comes first where not all fit. */
export function detailsTable(program: Program, state: RunState): string {
  const { steps } = program.plan;
  const [groupOf, weightOf] = [stepField(steps, 'group'), stepField(steps, 'weight')];
  const hints = program.graph.ids.map((_, index) => ({
    index,
    weight: weightOf(index),
    ...defined({ group: groupOf(index) }),
  }));
  const stepView = viewer(program);
  const order = groupForDisplay(hints).flatMap(({ items }) => items.map(({ index }) => index));
  const statusOf = stepStates(state.steps, 'status');
  if (order.length > TABLE_ROWS) order.sort((a, b) => urgency(statusOf(a)) - urgency(statusOf(b))); // a stable sort
  const stepAt = peekSteps(state.steps);
  const rows = order.slice(0, TABLE_ROWS).map((index) => {
    const step = stepAt(index);
    const view = stepView(index, step);
    return `| ${cell(view.id)} | ${view.status} | ${step.report?.attempts ?? ''} | ${cell(whyText(view))} |`;
  });
  const { counts } = state;
  const ended = counts.success + counts.warning + counts.failed + counts.skipped + counts.canceled;
  const head = `**${state.status}**: ${ended} of ${state.steps.length} steps ended`;
  const left = order.length - TABLE_ROWS;
  const more = left > 0 ? `\n\n${left} more ${left === 1 ? 'step' : 'steps'}` : '';
  return `${head}\n\n| step | status | attempts | reason |\n|---|---|---|---|\n${rows.join('\n')}${more}`;
}

/** Why a step has ended as it did, or what it waits for. */
function whyText({ reason, message = '', waits_for }: StepView): string {
  const words = firstLine(plainMessage(message));
  if (waits_for === 'approval' && words === '') return 'asks for a decision';
  if (waits_for === 'time') return 'waits for its timer';
  const cause = reason ?? (waits_for === 'approval' || waits_for === 'answer' ? 'asks' : undefined);
  return [cause, words].filter(Boolean).join(': ');
}

/** How steps of a plan are shown. Most of a large one have not been looked at, and are not made for this either. */
function viewer(program: Program): (index: number, step: StepState) => StepView {
  const { steps } = program.plan;
  const [groupOf, weightOf, tagsOf] = [stepField(steps, 'group'), stepField(steps, 'weight'), stepField(steps, 'tags')];
  return (index, step) => {
    const view = stateView(program, index, step);
    const [group, weight, tags] = [groupOf(index), weightOf(index), tagsOf(index)];
    if (group !== undefined) view.group = group;
    if (weight !== 0) view.weight = weight;
    if (tags.length > 0) view.tags = tags;
    return view;
  };
}

/** What a step's state says. */
function stateView(program: Program, index: number, step: StepState): StepView {
  const report = step.report;
  const view: StepView = { id: program.graph.ids[index]!, status: step.status, attempts: report?.attempts ?? 0 };
  const message = step.message ?? report?.message;
  if (step.reason !== undefined) view.reason = step.reason;
  if (message !== undefined) view.message = message;
  else if (step.by !== undefined) view.message = byText(step.status, step.by);
  const { startedAt } = step; // of the first attempt: a step takes as long as all its attempts
  if (startedAt !== undefined) view.started_at = startedAt;
  if (step.finishedAt !== undefined) view.finished_at = step.finishedAt;
  if (report !== undefined) Object.assign(view, factsOf(report));
  if (step.warning !== undefined) view.warning = step.warning;
  if (step.park !== undefined) {
    view.waits_for = waitsForOf(step.park);
    view.message = step.park.message;
  } else if (step.status === 'waiting') {
    const { action } = program.plan.steps[index]!;
    view.waits_for = action.type === 'approval' ? 'approval' : 'time';
    if (action.type === 'approval') {
      if (action.message !== undefined) view.message = action.message;
      if (action.approvers.length > 0) view.approvers = action.approvers;
    }
  }
  if (step.lock !== undefined) {
    view.waits_for = 'lock';
    if (step.lock.since !== undefined) view.waits_since = step.lock.since;
    view.message = lockWaitText(step.lock);
  }
  if (step.subRuns !== undefined) view.sub_runs = step.subRuns;
  if (step.recovered === true) view.recovered = true;
  if (report?.cut === true) view.cut = true;
  return view;
}

/** Where it ran says little to people, and its logs say it too. */
function factsOf(report: StepReport): Partial<StepView> {
  const { host: _, ...execution } = knownFacts(EXECUTION_FACTS, report);
  return { ...execution, ...knownFacts(RESULT_FACTS, report) };
}

function waitsForOf({ why }: Park): NonNullable<StepView['waits_for']> {
  return why === 'question' || why === 'escalated' ? 'answer' : why;
}

function urgency(status: StepState['status']): number {
  if (status === 'failed') return 0;
  if (status === 'running' || status === 'waiting') return 1;
  if (status === 'warning' || status === 'canceled') return 2;
  return isEnd(status) ? 4 : 3;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 120);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
