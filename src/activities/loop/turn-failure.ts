import { ApplicationFailure } from '@temporalio/activity';
import { defined } from '../../basics/defined.js';
import { withoutStack } from '../../basics/without-stack.js';

/** What ends a turn before its agent starts, or a synchronisation: a code, and words with what to do. */
export class TurnRefused extends Error {
  override readonly name = 'TurnRefused';
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** As Temporal wants it: of the type of a step's failure, and never tried again. */
export function turnFailure(reason: string, message: string, logDir?: string): ApplicationFailure {
  return withoutStack(
    ApplicationFailure.create({
      type: 'StepFailed',
      nonRetryable: true,
      message,
      details: [{ reason, attempts: 1, ...defined({ log_dir: logDir }) }],
    }),
  );
}
