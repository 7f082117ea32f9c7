import type { StepReport } from '../../engine/index.js';
import type { Temporal } from '../temporal/temporal.js';

/**
 * Room for what a run executes at once, instances included: its `max_concurrency`. Slots are given in the order in which
 * they were asked for.
 */
export class Slots {
  private readonly queue: (() => void)[] = [];
  private used = 0;

  constructor(
    private readonly temporal: Temporal,
    readonly capacity: number,
  ) {}

  /**
   * Runs an execution once there is a slot for it; one that is stopped before has not run.
   *
   * @param hasOne true where it has had one in an earlier history
   */
  async run(execution: () => Promise<StepReport>, hasOne = false): Promise<StepReport> {
    try {
      if (hasOne) this.used += 1;
      else await this.take();
    } catch {
      return { status: 'canceled', attempts: 0 };
    }
    try {
      return await execution();
    } finally {
      this.free();
    }
  }

  private async take(): Promise<void> {
    if (this.used < this.capacity) {
      this.used += 1;
      return;
    }
    const { cancelRequested } = this.temporal.currentScope();
    await new Promise<void>((resolve, reject) => {
      this.queue.push(resolve);
      cancelRequested.catch((error: unknown) => {
        const place = this.queue.indexOf(resolve);
        if (place >= 0) this.queue.splice(place, 1);
        reject(error); // of no effect where the slot was given already
      });
    });
  }

  private free(): void {
    const next = this.used > this.capacity ? undefined : this.queue.shift();
    if (next === undefined) this.used -= 1;
    else next(); // the slot is handed on
  }
}
