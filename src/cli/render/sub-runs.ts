import type { StepView } from '../../workflows/messages.js';

/** The runs of a step's sub-plan, as a word or two behind the step: each is looked at by its own id. */
export function subRunsText({ sub_runs: runs = [] }: StepView): string {
  const [first] = runs;
  if (first === undefined) return '';
  return runs.length === 1 ? `run ${first}` : `${runs.length} runs, the last is ${runs.at(-1)}`;
}
