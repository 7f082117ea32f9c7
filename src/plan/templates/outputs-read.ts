import { planExpressions } from './expression-sites.js';
import type { Plan } from '../model/plan.js';

/**
 * The outputs of each step that some expression of the plan reads, `stdout` among them: nothing else needs to be kept.
 * What is read of a step is read of its fallback too, whose outputs become the step's.
 *
 * @returns names by step id; steps that nobody reads are left out
 */
export function outputsRead(plan: Plan): Map<string, Set<string>> {
  const read = new Map<string, Set<string>>();
  const add = (step: string, output: string) => {
    const names = read.get(step);
    if (names === undefined) read.set(step, new Set([output]));
    else names.add(output);
  };
  for (const { expression } of planExpressions(plan)) {
    for (const { step, output } of expression.reads.prevSteps) if (output !== undefined) add(step, output);
  }
  const fallbacks = fallbacksOf(plan);
  for (const [step, names] of read) {
    for (let next = fallbacks.get(step); next !== undefined; next = fallbacks.get(next)) {
      for (const name of names) add(next, name);
    }
  }
  return read;
}

function fallbacksOf(plan: Plan): Map<string, string> {
  return new Map(
    plan.steps.flatMap(({ id, fallback_step }) => (fallback_step === undefined ? [] : [[id, fallback_step] as const])),
  );
}
