import type { StepView } from '../../contract/run-messages.js';
import type { StepStatus } from '../../contract/statuses.js';
import { plainMessage } from '../../basics/plain-message.js';

/** Why a step is where it is, in one line. Of a failure the words are enough; of any other end they need its reason. */
export function whyText(
  step: Pick<StepView, 'status' | 'reason' | 'message'> & Partial<Pick<StepView, 'approvers'>>,
): string {
  const { status, reason, message } = step;
  const asked = askedText(step);
  if (asked !== '') return ['for', asked].join(' ').concat(message === undefined ? '' : `: ${message}`);
  const words = message === undefined ? undefined : plainMessage(message);
  if (status === 'failed' && words) return words;
  return [reason, words].filter(Boolean).join(': ');
}

/** Steps that ended together, and for the same reason, before they began. */
interface Alike<T> {
  first: T;
  others: T[];
}

/** Fewer than these are shown one by one. */
const LEAST_ALIKE = 3;
const UNBEGUN: ReadonlySet<StepStatus> = new Set(['canceled', 'skipped']);

/** Who may decide about a step that waits for that; '' for anybody, and for one that does not. */
export function askedText({
  status,
  approvers = [],
}: Pick<StepView, 'status'> & Partial<Pick<StepView, 'approvers'>>): string {
  return status === 'waiting' ? approvers.join(' or ') : '';
}

/** Steps in their order; those that never began, and all say the same, stand together in place of the first. */
export function gatherAlike<T extends Pick<StepView, 'status' | 'reason' | 'message' | 'attempts' | 'started_at'>>(
  steps: readonly T[],
): Alike<T>[] {
  const all: Alike<T>[] = [];
  const known = new Map<string, Alike<T>>();
  for (const step of steps) {
    const unbegun = UNBEGUN.has(step.status) && step.attempts === 0 && step.started_at === undefined;
    const key = unbegun ? JSON.stringify([step.status, step.reason, step.message]) : undefined;
    const alike = key === undefined ? undefined : known.get(key);
    if (alike !== undefined) alike.others.push(step);
    else {
      const next: Alike<T> = { first: step, others: [] };
      all.push(next);
      if (key !== undefined) known.set(key, next);
    }
  }
  return all.flatMap((each) =>
    each.others.length + 1 >= LEAST_ALIKE
      ? [each]
      : [each.first, ...each.others].map((first) => ({ first, others: [] })),
  );
}

/** Steps that a line names. */
const MOST_NAMED = 3;

/** The others that stand behind the first of steps that are alike: `also e2e, package and 4 more`. */
export function othersText(others: readonly { id: string }[]): string {
  if (others.length === 0) return '';
  const named = others.slice(0, MOST_NAMED).map(({ id }) => id);
  const more = others.length - named.length;
  return `also ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
