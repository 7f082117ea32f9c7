import type { StepView } from '../../contract/run-messages.js';
import { countStatuses, STEP_STATUSES } from '../../contract/statuses.js';

/** Steps that a person is shown at once. */
const MOST = 500;

/** Those of a large run that a person is shown, in their order, and the rest: what needs a look goes first. */
export function fewSteps<T extends Pick<StepView, 'status'>>(
  steps: readonly T[],
  most: number = MOST,
): { shown: readonly T[]; left: readonly T[] } {
  if (steps.length <= most) return { shown: steps, left: [] };
  const byUrgency = steps.map((_, index) => index).sort((a, b) => urgency(steps[a]!) - urgency(steps[b]!)); // stable
  const chosen = new Set(byUrgency.slice(0, most));
  return {
    shown: steps.filter((_, index) => chosen.has(index)),
    left: steps.filter((_, index) => !chosen.has(index)),
  };
}

/** The others in a line: `and 9500 more steps: 9000 success, 500 pending`. */
export function leftText(left: readonly Pick<StepView, 'status'>[]): string {
  const counts = countStatuses(left);
  const parts = STEP_STATUSES.flatMap((status) => (counts[status] === 0 ? [] : [`${counts[status]} ${status}`]));
  return `and ${left.length} more ${left.length === 1 ? 'step' : 'steps'}: ${parts.join(', ')}`;
}

/** How much a step needs a look: a failure most, one that ended well least. */
function urgency({ status }: Pick<StepView, 'status'>): number {
  switch (status) {
    case 'failed':
      return 0;
    case 'running':
    case 'waiting':
      return 1;
    case 'warning':
    case 'canceled':
      return 2;
    case 'pending':
      return 3;
    case 'success':
    case 'skipped':
      return 4;
    default:
      return status satisfies never;
  }
}
