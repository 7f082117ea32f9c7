import type { RunResult, StepView } from '../../contract/run-messages.js';
import type { Diagnostic } from '../../plan/model/diagnostic.js';
import { fewSteps, leftText } from './few-steps.js';
import { duration, forPeople } from './format.js';
import { countText, type EndedAs } from './summary.js';
import { againLines } from './what-next.js';
import { whyText } from './why.js';

/** Annotations that a job shows; GitHub keeps ten of a kind for each of its steps. */
const MOST_ANNOTATIONS = 10;
const MOST_ROWS = 100;
const MOST_TAILS = 5;

/** Workflow commands that mark the failed steps of a run in GitHub's pages: an error, or a warning where the run went well. */
export function githubAnnotations(ended: RunResult): string[] {
  const { plan_id, run_id, status, steps } = forPeople(ended);
  const kind = status === 'succeeded' ? 'warning' : 'error';
  const failed = failedOf(steps).slice(0, MOST_ANNOTATIONS);
  return failed.map((step) => {
    const message = `${whyText(step)} (orch logs ${run_id} ${step.id})`;
    return `::${kind} title=${property(`${plan_id}: ${step.id} failed`)}::${data(message)}`;
  });
}

/** The same for problems of plans, each at its line. */
export function diagnosticAnnotations(diagnostics: readonly Diagnostic[]): string[] {
  const kept = new Map<Diagnostic['severity'], number>();
  return diagnostics.flatMap(({ severity, code, message, hint, file, line, column }) => {
    const before = kept.get(severity) ?? 0;
    if (before === MOST_ANNOTATIONS) return [];
    kept.set(severity, before + 1);
    const place = Object.entries({ file, line, col: column, title: `orch: ${code}` })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${property(String(value))}`);
    return [`::${severity} ${place.join(',')}::${data(hint === undefined ? message : `${message}\n${hint}`)}`];
  });
}

/** The summary of a run for the page of a job, in Markdown. */
export function githubSummary(ended: RunResult, about: EndedAs = {}): string {
  const result = forPeople(ended);
  const { run_id, status, started_at, finished_at, steps } = result;
  const { shown, left } = fewSteps(steps, MOST_ROWS);
  const rows = shown.map(
    (step) => `| ${SIGNS[step.status]} | ${text(step.id)} | ${took(step)} | ${text(whyText(step))} |`,
  );
  const commands = status === 'succeeded' ? [] : againLines(run_id, about).map((line) => line.trim());
  return [
    `### ${text(run_id)} ${status} in ${duration(finished_at - started_at)}: ${countText(steps)}`,
    '',
    '| | step | took | |',
    '|---|---|---|---|',
    ...rows,
    '',
    ...(left.length > 0 ? [leftText(left), ''] : []),
    ...failedOf(steps)
      .slice(0, MOST_TAILS)
      .flatMap((step) => tailOf(step)),
    ...(commands.length > 0 ? [...fenced(commands.join('\n')), ''] : []),
    '',
  ].join('\n');
}

const SIGNS: Readonly<Record<StepView['status'], string>> = {
  success: '✅',
  warning: '⚠️',
  failed: '❌',
  canceled: '🚫',
  skipped: '⏭️',
  pending: '⏳',
  running: '⏳',
  waiting: '⏳',
};

function failedOf(steps: readonly StepView[]): StepView[] {
  return steps.filter(({ status, recovered }) => status === 'failed' && recovered !== true);
}

function took({ started_at, finished_at }: StepView): string {
  return started_at === undefined || finished_at === undefined ? '' : duration(finished_at - started_at);
}

function tailOf({ id, stderr_tail, stdout_tail }: StepView): string[] {
  const tail = (stderr_tail || stdout_tail || '').trimEnd();
  if (tail === '') return [];
  return [`The last lines of ${text(id)}:`, '', ...fenced(tail), ''];
}

/** What is in it cannot end the block. */
function fenced(content: string): string[] {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, content, fence];
}

/** Text of others as Markdown: no sign in it is markup, so it makes no link, image or row. */
function text(words: string): string {
  return words.replaceAll(/[\\`*_{}[\]<>()#+!|~&@:-]/g, (sign) => `&#${sign.codePointAt(0)};`);
}

function data(words: string): string {
  return words.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(words: string): string {
  return data(words).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
