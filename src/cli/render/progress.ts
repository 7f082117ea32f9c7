import { unservedText, type LiveStep } from '../../client/describe.js';
import type { OrchError } from '../../client/errors.js';
import type { ProgressView, StepView } from '../../contract/run-messages.js';
import type { CliContext } from '../context.js';
import { answersTo, waitsForPerson } from './answers.js';
import { duration, forPeople, longest, oneLine, statusWord } from './format.js';
import { subRunsText } from './sub-runs.js';
import { unheardLines } from './unheard.js';
import { gatherAlike, othersText, whyText } from './why.js';

/** Shows a run's steps as they start and end. */
export interface ProgressReporter {
  onChange(this: void, steps: readonly StepView[], progress: ProgressView): void;
  onSilence(this: void, silent: boolean, error?: OrchError): void;
  /** Shows what the running steps do. */
  onLive(this: void, live: ReadonlyMap<string, LiveStep>): void;
  /** Says its last, with the steps of the run where that has ended. */
  close(this: void, ended?: readonly StepView[]): void | Promise<void>;
}

/** Columns of the ids of a run's steps in lists of lines. */
export function idWidth(ids: readonly string[]): number {
  return Math.min(40, longest(ids, 4));
}

/** Each start and end of a step is a line. */
export function lineReporter(context: CliContext, ids: readonly string[]): ProgressReporter {
  const width = idWidth(ids);
  const started = new Set<string>();
  const told = new Map<string, string>();
  const unserved = new Set<string>();
  const unheard = new Set<string>();
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
      for (const line of unheardLines(progress.failed_notifications)) {
        if (unheard.has(line)) continue;
        unheard.add(line);
        context.note(`${context.colors.yellow(line)}\n`);
      }
      const news = steps.filter(({ id, status, attempts, reason = '' }) => {
        const state = `${status} ${attempts} ${reason}`;
        return told.get(id) !== state && told.set(id, state);
      });
      for (const { first: step, others } of gatherAlike(forPeople(news))) {
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

/**
 * How a step ended, or what it waits for, as a line.
 *
 * @param address where its id leads to
 */
export function stepLine(
  context: CliContext,
  step: StepView,
  others: readonly StepView[],
  width: number,
  address?: string,
): string {
  const { dim, link } = context.colors;
  const time =
    step.started_at === undefined || step.finished_at === undefined
      ? ''
      : duration(step.finished_at - step.started_at).padStart(7);
  const tries = step.attempts > 1 ? ` (${step.attempts} attempts)` : '';
  const why = [whyText(step), othersText(others), subRunsText(step)].filter(Boolean).join('; ');
  return `${statusWord(context.colors, step.status)} ${link(step.id, address)}${''.padEnd(width - step.id.length)} ${dim(time.padStart(7))}${dim(tries)}  ${why}`.trimEnd();
}

/** How to answer a step that waits for a person. */
function answerHint(step: StepView, { run_id }: ProgressView): string {
  if (!waitsForPerson(step)) return '';
  const [first, second] = answersTo(run_id, step);
  return `  answer with: ${first}   ${step.waits_for === 'answer' ? 'accept it as it is' : 'or'}: ${second}\n`;
}

/** How far a run is, in words. */
export function headLine({ counts, total_steps }: ProgressView): string {
  return `${endedIn(counts)} of ${total_steps} steps ended`;
}

/** How many steps have ended, in whatever way. */
export function endedIn(counts: ProgressView['counts']): number {
  return counts.success + counts.warning + counts.failed + counts.skipped + counts.canceled;
}

/** That a run does not answer, or does again, as a line. */
export function silenceLine(silent: boolean, error?: OrchError): string {
  if (!silent) return 'the run answers again\n';
  return `${oneLine(error?.message ?? 'The run does not answer')}; still waiting${error?.hint ? ` (${error.hint})` : ''}\n`;
}
