import type { StepView } from '../../contract/run-messages.js';

/** The runs of a step's sub-plan, as a word or two behind the step: each is looked at by its own id. */
export function subRunsText({ sub_runs: runs = [], message = '' }: StepView): string {
  const last = runs.at(-1);
  if (last === undefined || message.includes(`'${last}'`)) return '';
  return runs.length === 1 ? `run ${last}` : `${runs.length} runs, the last is ${last}`;
}
