import { readFileSync } from 'node:fs';
import path from 'node:path';
import { replaceFileSync } from '../../host/atomic-file.js';
import type { StepFacts, StepSuccess } from '../../contract/step-task.js';
import type { StepFailure } from './execution.js';

/** How an execution ended. */
export type Outcome =
  | { kind: 'success'; result: StepSuccess }
  | { kind: 'failed'; failure: StepFailure }
  /** Somebody wanted it to end. */
  | { kind: 'stopped'; facts: StepFacts };

const NAME = 'outcome.json';

/**
 * Writes down how a try ended, for an attempt that comes after a lost report.
 *
 * @returns false where that was not possible: then the try's own files must stay.
 */
export function keepOutcome(tryDir: string, outcome: Outcome): boolean {
  try {
    replaceFileSync(path.join(tryDir, NAME), JSON.stringify(outcome));
    return true;
  } catch {
    return false;
  }
}

/** The outcome of a try that has ended; undefined where it has not, or nobody could write it down. */
export function readOutcome(tryDir: string): Outcome | undefined {
  try {
    return JSON.parse(readFileSync(path.join(tryDir, NAME), 'utf8')) as Outcome;
  } catch {
    return undefined;
  }
}
