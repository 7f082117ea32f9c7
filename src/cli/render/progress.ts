import { createLogUpdate } from 'log-update';
import { liveText, unservedText, type LiveStep } from '../../client/describe.js';
import type { OrchError } from '../../client/errors.js';
import type { ProgressView, StepView } from '../../contract/run-messages.js';
import type { CliContext } from '../context.js';
import { paint } from '../terminal.js';
import { answersTo, waitsForPerson } from './answers.js';
import { duration, forPeople, longest, oneLine, statusWord } from './format.js';
import { subRunsText } from './sub-runs.js';
import { gatherAlike, othersText, whyText } from './why.js';

/** Running steps that the live block shows. */
const LIVE_ROWS = 12;
const REDRAW_MS = 200;
/** Characters of the last words of a running step. */
const LIVE_CHARS = 80;

/** Shows a run's steps as they start and end. */
export interface ProgressReporter {
  onChange(this: void, steps: readonly StepView[], progress: ProgressView): void;
  onSilence(this: void, silent: boolean, error?: OrchError): void;
  /** Shows what the running steps do. */
  onLive(this: void, live: ReadonlyMap<string, LiveStep>): void;
  /** Removes what is redrawn; what was printed stays. */
  close(this: void): void;
}

/** On a terminal running steps are redrawn below the ended ones; elsewhere each start and end is a line. */
export function createProgressReporter(context: CliContext, ids: readonly string[]): ProgressReporter {
  const width = Math.min(40, longest(ids, 4));
  return context.live ? liveReporter(context, width) : lineReporter(context, width);
}

function lineReporter(context: CliContext, width: number): ProgressReporter {
  const started = new Set<string>();
  const unserved = new Set<string>();
  return {
    // The one thing of those that change all the time which somebody has to do something about. Told once.
    onLive(live) {
      for (const [id, { unserved: queue }] of live) {
        if (queue === undefined || unserved.has(id)) continue;
        unserved.add(id);
        context.note(
          `${statusWord(context.colors, 'waiting')} ${oneLine(`${id.padEnd(width)}  ${unservedText(queue)}`)}\n`,
        );
      }
    },
    onChange(steps, progress) {
      for (const { first: step, others } of gatherAlike(forPeople(steps))) {
        if (step.status === 'pending') continue;
        if (!started.has(step.id) && step.started_at !== undefined && step.status !== 'waiting') {
          started.add(step.id);
          context.note(`${statusWord(context.colors, 'started')} ${step.id}\n`);
        }
        if (step.status !== 'running')
          context.note(`${stepLine(context, step, others, width)}\n${answerHint(step, progress)}`);
      }
    },
    onSilence: (silent, error) => context.note(silenceLine(silent, error)),
    close() {},
  };
}

function liveReporter(context: CliContext, width: number): ProgressReporter {
  const update = createLogUpdate(context.raw.stderr);
  const running = new Map<string, StepView>();
  let live: ReadonlyMap<string, LiveStep> = new Map();
  let head = '';
  const redraw = (): void => {
    const now = Date.now();
    const rows = [...running.values()].slice(0, LIVE_ROWS).map((step) => {
      const time = step.started_at === undefined ? '' : duration(now - step.started_at);
      return `${statusWord(context.colors, 'running')} ${step.id.padEnd(width)}  ${context.colors.dim(time)}  ${context.colors.dim(oneLine(liveText(step.id, live) ?? '').slice(0, LIVE_CHARS))}`.trimEnd();
    });
    if (running.size > LIVE_ROWS) rows.push(context.colors.dim(`… and ${running.size - LIVE_ROWS} more running`));
    update(paint([...rows, context.colors.dim(head)].join('\n')));
  };
  const timer = setInterval(redraw, REDRAW_MS);
  timer.unref();
  const print = (text: string): void => {
    update.clear();
    context.note(text);
  };
  return {
    onChange(steps, progress) {
      for (const { first: step, others } of gatherAlike(forPeople(steps))) {
        for (const { id } of others) running.delete(id);
        if (step.status === 'running') running.set(step.id, step);
        else running.delete(step.id);
        if (step.status !== 'running' && step.status !== 'pending') {
          print(`${stepLine(context, step, others, width)}\n${answerHint(step, progress)}`);
        }
      }
      head = headLine(progress);
      redraw();
    },
    onSilence(silent, error) {
      print(silenceLine(silent, error));
      redraw();
    },
    onLive(now) {
      live = now;
      redraw();
    },
    close() {
      clearInterval(timer);
      update.clear();
      update.done();
    },
  };
}

function stepLine(context: CliContext, step: StepView, others: readonly StepView[], width: number): string {
  const { dim } = context.colors;
  const time =
    step.started_at === undefined || step.finished_at === undefined
      ? ''
      : duration(step.finished_at - step.started_at).padStart(7);
  const tries = step.attempts > 1 ? ` (${step.attempts} attempts)` : '';
  const why = [whyText(step), othersText(others), subRunsText(step)].filter(Boolean).join('; ');
  return `${statusWord(context.colors, step.status)} ${step.id.padEnd(width)} ${dim(time.padStart(7))}${dim(tries)}  ${why}`.trimEnd();
}

/** How to answer a step that waits for a person. */
function answerHint(step: StepView, { run_id }: ProgressView): string {
  if (!waitsForPerson(step)) return '';
  const [first, second] = answersTo(run_id, step);
  return `  answer with: ${first}   ${step.waits_for === 'answer' ? 'accept it as it is' : 'or'}: ${second}\n`;
}

/** How far a run is, in words. */
export function headLine({ counts, total_steps }: ProgressView): string {
  const ended = counts.success + counts.warning + counts.failed + counts.skipped + counts.canceled;
  return `${ended} of ${total_steps} steps ended`;
}

function silenceLine(silent: boolean, error?: OrchError): string {
  if (!silent) return 'the run answers again\n';
  return `${oneLine(error?.message ?? 'The run does not answer')}; still waiting${error?.hint ? ` (${error.hint})` : ''}\n`;
}
