import type { Colors } from 'picocolors/types.js';
import { liveText, type LiveStep } from '../../client/describe.js';
import type { StepView } from '../../contract/run-messages.js';
import { answersTo, waitsForPerson } from './answers.js';
import { duration, oneLine } from './format.js';
import type { LiveRun } from './live-state.js';
import { subRunsText } from './sub-runs.js';
import { plainMessage } from '../../basics/plain-message.js';
import { askedText, whyText } from './why.js';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const SPIN_MS = 200;

/** What is shown of a step, before it is fitted into columns. No part has a style. */
export interface LiveRow {
  sign: string;
  /** Colour of the sign. */
  tone: keyof Pick<Colors, 'green' | 'red' | 'yellow' | 'cyan' | 'magenta' | 'dim'>;
  label: string;
  time: string;
  text: string;
  /** The command that it waits for. */
  command?: string;
  /** What it says now, where there is room. */
  said?: string;
}

/** The row of a step that runs, waits or has ended. */
export function liveRow(run: LiveRun, step: StepView, now: number): LiveRow {
  const label = run.labelOf(step.id);
  const { status, started_at, finished_at } = step;
  if (status === 'running' || status === 'waiting') return openRow(run, step, label, now);
  const time = started_at === undefined || finished_at === undefined ? '' : duration(finished_at - started_at);
  const tries = step.attempts > 1 ? `${step.attempts} attempts` : '';
  const text = [whyText(step), tries, step.status === 'failed' ? '' : subRunsText(step)].filter(Boolean).join('; ');
  switch (status) {
    case 'success':
      return { sign: '✓', tone: 'green', label, time, text };
    case 'warning':
      return { sign: '!', tone: 'yellow', label, time, text };
    case 'failed':
      return { sign: '✗', tone: 'red', label, time, text };
    case 'canceled':
      return { sign: '×', tone: 'magenta', label, time, text };
    case 'skipped':
    case 'pending':
      return { sign: '-', tone: 'dim', label, time, text };
    default:
      return status satisfies never;
  }
}

function openRow(run: LiveRun, step: StepView, label: string, now: number): LiveRow {
  const since = step.waits_since ?? step.started_at;
  const time = since === undefined ? '' : elapsed(now - since);
  if (waitsForPerson(step)) {
    const text = askingText(step);
    return { sign: '?', tone: 'yellow', label, time, text, command: answersTo(run.progress!.run_id, step)[0] };
  }
  const live = run.live.get(step.id);
  const waits = waitText(run, step, now) ?? (live?.unserved === undefined ? undefined : liveText(step.id, run.live));
  if (waits !== undefined) return { sign: '…', tone: 'yellow', label, time, text: oneLine(waits) };
  const text = [itemsText(step), attemptText(run, step.id, live, now), partText(run, step.id, now)]
    .filter(Boolean)
    .join(', ');
  const said = live?.next_at === undefined && step.items === undefined ? liveText(step.id, run.live) : undefined;
  const sign = SPINNER[Math.floor(now / SPIN_MS) % SPINNER.length]!;
  return { sign, tone: 'cyan', label, time, text: oneLine(text), ...(said && { said: oneLine(said) }) };
}

/** Whom it asks what. An agent's step says itself that it asks, or that it needs a person. */
function askingText(step: StepView): string {
  const { waits_for, message } = step;
  if (waits_for === 'answer' && message !== undefined) return message.replace(/^it /, '');
  return `${['asks', askedText(step)].join(' ').trimEnd()}: ${message ?? 'may it continue?'}`;
}

/** What a step waits for that nobody but time or another run can end. */
function waitText(run: LiveRun, { id, waits_for, message, started_at }: StepView, now: number): string | undefined {
  if (waits_for === undefined) return undefined;
  const { waits } = run.looks.get(id) ?? {};
  if (waits_for === 'time' && message === undefined && waits !== undefined && started_at !== undefined)
    return `waits, ${elapsed(started_at + waits - now)} to go`;
  return message ?? `waits for ${waits_for === 'time' ? 'its time' : waits_for}`;
}

function itemsText({ items }: StepView): string {
  if (items === undefined) return '';
  return `${items.ended}/${items.total} items${items.failed > 0 ? `, ${items.failed} failed` : ''}`;
}

/** Which attempt it is, where it is not the first, and when it begins, where it has not. */
function attemptText(run: LiveRun, id: string, live: LiveStep | undefined, now: number): string {
  const { attempt = 1, next_at, last_failure } = live ?? {};
  if (attempt < 2) return '';
  const tries = run.looks.get(id)?.tries ?? 0;
  const number = tries < attempt ? `attempt ${attempt}` : `attempt ${attempt}/${tries}`;
  const due = next_at === undefined || next_at < now ? '' : ` in ${elapsed(next_at - now)}`;
  return `${number}${due}${last_failure === undefined ? '' : ` (${plainMessage(last_failure)})`}`;
}

/** The instance of a `foreach` that waits for its next attempt, if one does. */
function partText(run: LiveRun, id: string, now: number): string {
  for (const [name, live] of run.live) {
    if (!name.startsWith(`${id}[`) || live.next_at === undefined) continue;
    const text = attemptText(run, id, live, now);
    if (text !== '') return `${name.slice(id.length)} ${text}`;
  }
  return '';
}

/** A time that passes, without the fractions that only make it flicker. */
function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 60 ? `${seconds}s` : duration(seconds * 1000);
}
