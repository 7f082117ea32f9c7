import type { Plan } from '../plan/model/plan.js';

/** Steps up to which a history is read within seconds, also on a busy machine. */
const FEW_STEPS = 300;
/** Steps from which on reading the plan alone may take that long. */
const MANY_STEPS = 20_000;

/**
 * How long a workflow task of a run may take. A worker that dies in the midst of one costs as much, so it is short where
 * it can be; one that replays a long history takes seconds, and where time is up all of it was in vain.
 */
export function workflowTaskTimeout({ steps }: Pick<Plan, 'steps'>): '10 seconds' | '30 seconds' | '2 minutes' {
  const isSmall = steps.length <= FEW_STEPS && steps.every((step) => step.foreach === undefined);
  if (steps.length > MANY_STEPS) return '2 minutes';
  return isSmall ? '10 seconds' : '30 seconds';
}
