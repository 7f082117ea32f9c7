import { answerCommands } from '../../contract/answers.js';
import { NOTIFICATION_VERSION, type FailedStep, type Notification, type WaitingStep } from '../../contract/notify.js';
import type { RunAbout } from '../../contract/run-about.js';
import { stepStates, type Program, type RunState } from '../../engine/index.js';
import type { NotifyEvent } from '../../plan/model/notify.js';

/** Failed steps that a message names. */
const NAMED = 10;
/** Characters of a text of a step in a message: it travels in history. */
const TEXT_CHARS = 1_000;

/** What has happened, of which somebody may be told. */
export interface Happening {
  event: NotifyEvent;
  at: number;
  /** The step that waits. */
  step?: number;
}

/** What of a run has just happened that people may want to be told of; its end is told later. */
export function happenings(state: RunState, before: RunState['status'], at: number): Happening[] {
  const found: Happening[] = [];
  for (const { step, to } of state.changes) {
    if (to !== 'waiting' && to !== 'parked') continue;
    if (state.steps[step]!.status === 'waiting') found.push({ event: 'waiting', at, step });
  }
  if (state.status === 'quarantined' && before !== 'quarantined') found.push({ event: 'quarantined', at });
  return found;
}

/** Whether a step that waits does so for a person, and for what. */
export function asksFor({ plan }: Program, state: RunState, step: number): WaitingStep['waits_for'] | undefined {
  const { park } = state.steps[step]!;
  if (park !== undefined) return park.why === 'question' || park.why === 'escalated' ? 'answer' : undefined;
  return plan.steps[step]!.action.type === 'approval' ? 'approval' : undefined;
}

/** The message about something that has happened. @param number of the event within the run */
export function notificationOf(
  program: Program,
  about: RunAbout,
  state: RunState,
  { event, at, step: index }: Happening,
  number: number,
): Notification {
  const { run_id, plan_id, parent_run_id, started_by, project, tags, temporal_run_id } = about;
  const step = index === undefined ? null : waitingStep(program, state, index);
  const failed = event === 'failed' || event === 'quarantined' ? failedSteps(program, state, event) : [];
  return {
    v: NOTIFICATION_VERSION,
    id: `${temporal_run_id}-${number}`,
    event,
    time: isoTime(at),
    text: textOf(run_id, event, state, { step, failed }),
    run_id,
    plan_id,
    status: state.status,
    started_at: isoTime(state.startedAt),
    finished_at: state.finishedAt === undefined ? null : isoTime(state.finishedAt),
    warnings: state.warnings,
    parent_run_id,
    started_by,
    project,
    tags,
    step,
    failed,
    answers: answersTo(run_id, event, { step, failed }),
  };
}

function waitingStep(program: Program, state: RunState, index: number): WaitingStep {
  const { id, name, action } = program.plan.steps[index]!;
  const isApproval = action.type === 'approval';
  const question = isApproval ? action.message : state.steps[index]!.park?.message;
  return {
    id,
    name,
    waits_for: asksFor(program, state, index) ?? 'approval',
    question: cut(question),
    approvers: isApproval ? action.approvers : [],
  };
}

function failedSteps({ graph }: Program, state: RunState, event: NotifyEvent): FailedStep[] {
  const failed: FailedStep[] = [];
  const statusOf = stepStates(state.steps, 'status');
  for (let index = 0; index < state.steps.length; index += 1) {
    if (statusOf(index) !== 'failed') continue;
    const { reason, message, report, recovered } = state.steps[index]!;
    if (recovered === true) continue;
    if (event === 'quarantined' && !state.held.includes(index)) continue;
    const said = message ?? report?.message;
    failed.push({ id: graph.ids[index]!, reason: reason ?? null, message: cut(said) });
    if (failed.length === NAMED) break;
  }
  return failed;
}

type Details = Pick<Notification, 'step' | 'failed'>;

function textOf(run: string, event: NotifyEvent, state: RunState, { step, failed }: Details): string {
  const named = failed.map(({ id }) => id).join(', ');
  switch (event) {
    case 'waiting':
      return `${run} ${waitsText(step!)}`;
    case 'quarantined':
      return `${run} is quarantined: ${named} failed, and the run waits for a decision`;
    case 'failed': {
      if (state.stop === 'run_timeout' || state.stop === 'history_full') return `${run} failed (${state.stop})`;
      return `${run} failed${named === '' ? '' : `: ${named}`}`;
    }
    case 'canceled':
      return `${run} was canceled${state.canceledBy === undefined ? '' : ` by ${state.canceledBy}`}`;
    case 'succeeded':
      return `${run} succeeded${state.warnings === 0 ? '' : ` with ${state.warnings} ${state.warnings === 1 ? 'warning' : 'warnings'}`}`;
    default:
      return event satisfies never;
  }
}

function waitsText({ id, question, approvers }: WaitingStep): string {
  const who = approvers.length === 0 ? 'an answer' : approvers.join(' or ');
  const asked = question?.split('\n', 1)[0] ?? id;
  // An agent's step says itself that it asks, or that it needs a person.
  if (asked.startsWith('it needs ')) return asked.slice('it '.length);
  return `waits for ${who}: ${asked.replace(/^it asks: /, '')}`;
}

function answersTo(run: string, event: NotifyEvent, { step, failed }: Details): string[] {
  if (step !== null) return answerCommands(run, step);
  const [first] = failed;
  if (event !== 'quarantined' || first === undefined) return [];
  return [`orch retry ${run} ${first.id}`, `orch resume ${run}`];
}

function cut(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, TEXT_CHARS);
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
