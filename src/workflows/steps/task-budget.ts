import type { Temporal } from '../temporal/temporal.js';

/**
 * Bytes of activity inputs that may leave in one workflow task. gRPC refuses a task's answer above 4 MB, and such a
 * task is tried again for ever.
 */
const MAX_TASK_BYTES = 1024 * 1024;

/** Spreads starts over several workflow tasks where their inputs are too large for one. */
export class TaskBudget {
  private task = -1;
  private used = 0;

  constructor(private readonly temporal: Temporal) {}

  /** Waits until an input of that many bytes may leave. */
  async take(bytes: number): Promise<void> {
    for (;;) {
      const current = this.temporal.info().historyLength; // the same for all of one workflow task, also on replay
      if (current !== this.task) {
        this.task = current;
        this.used = 0;
      }
      if (this.used === 0 || this.used + bytes <= MAX_TASK_BYTES) {
        this.used += bytes;
        return;
      }
      await this.temporal.sleep(1);
    }
  }
}
