import { isMap } from '../problems/paths.js';
import { planSchema } from './plan.js';
import { fromWrittenForms, type TextAt } from './written-forms.js';

/**
 * Turns a plan as people write it into the strict form that its schema describes: `depends_on: build`, `timeout_sec: 10m`,
 * `env: {PORT: 8080}`, `retry: 3`. What is wrong stays as it is.
 *
 * @param textAt finds how a number is written in the file, where there is one
 */
export function readPlanForms(document: unknown, textAt?: TextAt): unknown {
  const plan = fromWrittenForms(document, planSchema, textAt);
  if (!isMap(plan)) return plan;
  const lists = (['steps', 'finally'] as const).filter((list) => hasShortRetry(plan[list]));
  if (lists.length === 0) return plan;
  return { ...plan, ...Object.fromEntries(lists.map((list) => [list, (plan[list] as unknown[]).map(withRetries)])) };
}

function hasShortRetry(steps: unknown): boolean {
  return Array.isArray(steps) && steps.some((step) => withRetries(step) !== step);
}

/** `retry: 3` is `retries: 3`, unless that is there as well. */
function withRetries(step: unknown): unknown {
  if (!isMap(step) || typeof step['retry'] !== 'number' || (step['retries'] ?? undefined) !== undefined) return step;
  const { retry, ...rest } = step;
  return { ...rest, retries: retry };
}
