import type { Colors } from 'picocolors/types.js';
import { JOINT_TAG } from '../../formats/exec-manifest/index.js';
import type { StepView } from '../../contract/run-messages.js';
import { unreachable } from '../../basics/unreachable.js';

/** How the tasks of a manifest ended. Once the run has ended, all but `total` together are `total`. */
export interface TaskCounts {
  total: number;
  pass: number;
  warn: number;
  fail: number;
  skipped: number;
  escalated: number;
  question: number;
  /** Those that have not ended yet. */
  open: number;
}

/** The steps that are tasks: without those that only join others. */
export function tasksOf<Step extends Pick<StepView, 'tags'>>(steps: readonly Step[]): Step[] {
  return steps.filter(({ tags }) => tags?.includes(JOINT_TAG) !== true);
}

/** Counts the tasks of a manifest by how they ended. */
export function countTasks(steps: readonly StepView[]): TaskCounts {
  const counts: TaskCounts = {
    total: 0,
    pass: 0,
    warn: 0,
    fail: 0,
    skipped: 0,
    escalated: 0,
    question: 0,
    open: 0,
  };
  for (const step of tasksOf(steps)) {
    counts.total += 1;
    counts[endOf(step)] += 1;
  }
  return counts;
}

/** True where anything is not as it should be; a warning counts as completed. */
export function isIncomplete({ total, pass, warn }: TaskCounts): boolean {
  return pass + warn < total;
}

/** The last line of a manifest's summary. */
export function renderTaskCounts(colors: Colors, counts: TaskCounts): string {
  const { green, yellow, red, dim, magenta, cyan } = colors;
  const parts = [
    green(`PASS: ${counts.pass}`),
    yellow(`WARN: ${counts.warn}`),
    red(`FAIL: ${counts.fail}`),
    dim(`SKIPPED: ${counts.skipped}`),
    magenta(`ESCALATED: ${counts.escalated}`),
    cyan(`QUESTION: ${counts.question}`),
    ...(counts.open === 0 ? [] : [`OPEN: ${counts.open}`]),
  ];
  return `Total: ${counts.total}  |  ${parts.join('  ')}\n`;
}

function endOf({ status, reason, attempts }: StepView): Exclude<keyof TaskCounts, 'total'> {
  switch (status) {
    case 'success':
      return 'pass';
    case 'warning':
      return 'warn';
    case 'skipped':
      return 'skipped';
    case 'canceled':
      return attempts === 0 ? 'skipped' : 'fail';
    case 'failed':
      return failure(reason);
    case 'pending':
    case 'running':
    case 'waiting':
      return 'open';
    default:
      return unreachable(status);
  }
}

function failure(reason: StepView['reason']): 'fail' | 'escalated' | 'question' {
  return reason === 'escalated' || reason === 'question' ? reason : 'fail';
}
