import type { Plan, Step } from '../model/plan.js';
import { planExpressions } from './expression-sites.js';

/** Whether what a step does depends on what other steps have come to, apart from when it starts. */
export function readsSteps(plan: Plan, step: Step): boolean {
  for (const { expression } of planExpressions({ ...plan, steps: [step], outputs: {} })) {
    if (expression.reads.prevSteps.length > 0) return true;
  }
  return false;
}
