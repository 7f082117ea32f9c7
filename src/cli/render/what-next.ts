import type { StepView } from '../../contract/run-messages.js';
import type { LogAddress } from '../log-links.js';
import type { RerunOutlook } from '../rerun-outlook.js';
import type { Styles } from '../terminal.js';
import { counted } from './format.js';
import { shellWord } from '../../basics/shell-word.js';
import { whyText } from './why.js';

/** Failed steps whose output is shown, and the lines of each. */
const SHOWN_FAILURES = 5;
const SHOWN_LINES = 10;

/** The failed steps of a run that has ended: why each failed, what it said last, and the command that shows all of it. */
export function failureLines(colors: Styles, runId: string, steps: readonly StepView[], logs?: LogAddress): string[] {
  const failed = steps.filter((step) => step.status === 'failed' && !step.recovered);
  const more = failed.length - SHOWN_FAILURES;
  return [
    ...failed.slice(0, SHOWN_FAILURES).flatMap((step) => failureOf(colors, runId, step, logs)),
    ...(more > 0 ? [`  … and ${more} more failed ${more === 1 ? 'step' : 'steps'}`] : []),
  ];
}

function failureOf(colors: Styles, runId: string, step: StepView, logs: LogAddress | undefined): string[] {
  const tail = (step.stderr_tail || step.stdout_tail || '').trimEnd();
  const output = tail === '' ? [] : tail.split('\n').slice(-SHOWN_LINES);
  return [
    `  ${colors.red('failed')}  ${step.id}: ${whyText(step)}`,
    ...output.map((line) => `    ${colors.dim('|')} ${line}`),
    `    ${wholeStory(colors, runId, step, logs)}`,
  ];
}

/** The command that tells more of a failed step; one that shows a log is a link to that, too. */
function wholeStory({ link }: Styles, runId: string, step: StepView, logs: LogAddress | undefined): string {
  const { id, log_dir, sub_runs } = step;
  const subRun = sub_runs?.at(-1);
  if (subRun !== undefined) return `its run:  orch status ${subRun}`;
  if (log_dir === undefined) return `more:  orch explain ${runId} ${id}`;
  const command = `orch logs ${runId} ${shellWord(loggedAs(id, log_dir))}`;
  return `its output:  ${link(command, logs?.(runId, step))}`;
}

/** The step; of a `foreach` the instance whose logs they are: `extract[1]`. */
function loggedAs(id: string, logDir: string): string {
  const folder = /([^/\\]+)[/\\][^/\\]+[/\\]?$/.exec(logDir)?.[1] ?? '';
  const [, index] = /%5B(\d+)%5D$/.exec(folder) ?? [];
  return index !== undefined && folder === `${id}%5B${index}%5D` ? `${id}[${index}]` : id;
}

/** How a run that did not succeed is done again, with what that takes over and does. */
export function againLines(
  runId: string,
  { outlook, planFile }: { outlook?: RerunOutlook | undefined; planFile?: string | undefined },
): string[] {
  const again = `orch rerun ${runId}`;
  const counts = outlook === undefined ? '' : `   reuses ${counted(outlook.reuses, 'step')}, runs ${outlook.runs}`;
  const file = planFile ?? outlook?.plan_file;
  const mended = `${again} --plan ${file === undefined ? 'FILE' : shellWord(file)}`;
  return [`  run it again:         ${again}${counts}`, `  with a changed plan:  ${mended}`];
}
