import type { StepFailure } from '../step/execution.js';

/** What a job needs before it begins cannot be had: no bug, and another attempt would not have it either. */
export class NotReadyError extends Error {
  constructor(
    readonly reason: StepFailure['reason'],
    cause: Error,
  ) {
    super(cause.message, { cause });
    this.name = cause.name;
  }
}
