import { answerCommands } from '../../contract/answers.js';
import type { StepView } from '../../contract/run-messages.js';

/** Whether a step waits for a decision, or for the answer to an agent. */
export function waitsForPerson({ status, waits_for }: StepView): boolean {
  return status === 'waiting' && (waits_for === 'approval' || waits_for === 'answer');
}

/** The two command lines that end such a waiting. */
export function answersTo(run: string, { id, waits_for, approvers = [] }: StepView): [string, string] {
  return answerCommands(run, { id, waits_for: waits_for === 'answer' ? 'answer' : 'approval', approvers });
}
