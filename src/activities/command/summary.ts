import type { StepTask, StepFacts } from '../../contract/step-task.js';

/** Characters of a summary. */
const SUMMARY_CHARS = 240;
/** What a signal counts as, where a step is summed up: the start of the codes that shells give to signals. */
export const SIGNAL_EXIT_CODE = 128;

/**
 * How an execution ended, in one line: the step's own text, else the signal or the exit code, else the end of what it
 * has printed.
 *
 * @returns undefined for a step that wants no summary
 */
export function summarise(
  { summary }: Pick<StepTask, 'summary'>,
  { exit_code, signal, stdout_tail, stderr_tail }: StepFacts,
  passed: boolean,
): string | undefined {
  if (summary === undefined) return undefined;
  if (summary !== true) return cut(summary);
  const [stdout, stderr] = [oneLine(stdout_tail), oneLine(stderr_tail)];
  if (signal !== undefined) return `Terminated with signal ${signal}`;
  const code = `Exited with code ${exit_code ?? 0}`;
  if (!passed) return stderr === '' ? code : `${code} — ${end(stderr, SUMMARY_CHARS - code.length - 3)}`;
  return end(stdout || stderr || `Command completed with code ${exit_code ?? 0}`, SUMMARY_CHARS);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function cut(text: string): string {
  return text.length <= SUMMARY_CHARS ? text : `${text.slice(0, SUMMARY_CHARS - 1)}…`;
}

/** Of what was printed the end says most. */
function end(text: string, chars: number): string {
  return text.length <= chars ? text : `…${text.slice(1 - chars)}`;
}
