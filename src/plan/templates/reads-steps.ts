import type { Plan, Step } from '../model/plan.js';
import { planExpressions } from './expression-sites.js';

/**
 * Makes what tells whether what a step does depends on what other steps have come to, apart from when it starts. What holds
 * for all steps of the plan is looked at once.
 */
export function stepReaders(plan: Plan): (step: Step) => boolean {
  const rest = { ...plan, steps: [], outputs: {} };
  if (readsOthers(rest)) return () => true;
  const { notify: _, cwd: __, ...globals } = plan.globals;
  const bare = { ...rest, globals: { ...globals, env: {}, locks: [] } };
  return (step) => readsOthers({ ...bare, steps: [step] });
}

function readsOthers(plan: Plan): boolean {
  for (const { expression } of planExpressions(plan)) {
    if (expression.reads.prevSteps.length > 0) return true;
  }
  return false;
}
