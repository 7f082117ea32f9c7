import { ActivityCancellationType, type ActivityInterfaceFor } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import type { LockRequest } from '../../contract/lock-messages.js';
import type { Temporal } from '../temporal/temporal.js';
import { defined } from '../../basics/defined.js';

/** A request stays open for as long as others hold the lock. Temporal wants a limit: ten years. */
const NO_TIMEOUT_SEC = 10 * 365 * 24 * 3600;
/** After a run was ended from outside its worker hears of it with a heartbeat: in 2 s, or a little more under load. */
const HEARS_OF_END_SEC = 5;

/** Who wants which locks, and who hears of it. */
export interface LockWish {
  names: readonly string[];
  /** Tells the takings of one run apart. */
  number: number;
  step_id?: string;
  /** The longest time that a process below the locks takes to stop. */
  grace_sec: number;
  /** Called when the wait for a lock begins, and again whenever another one holds it. */
  onWait(lock: string, holder: string): void;
  /** Called once it holds all of them. */
  onHeld(): void;
  /** False while the run is paused: then the locks go back, until it goes on. */
  mayGo(): boolean;
  /** True where an earlier history of the run has taken them all. */
  held?: boolean;
}

/** The way of a run to the locks. */
export class Locks {
  private readonly activities: ActivityInterfaceFor<Pick<Activities, 'acquireLock' | 'releaseLock'>>;

  constructor(private readonly temporal: Temporal) {
    this.activities = temporal.activities<Pick<Activities, 'acquireLock' | 'releaseLock'>>({
      startToCloseTimeout: NO_TIMEOUT_SEC * 1000,
      heartbeatTimeout: '10 seconds',
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: { initialInterval: '1 second', backoffCoefficient: 1 },
    });
  }

  /**
   * Does something while it holds locks, taken in the order of their names, so that two who want the same ones never
   * wait for each other. They are given back whatever happens; a request that was not granted is taken back.
   *
   * @throws CancelledFailure where the scope is canceled while it waits.
   */
  async holding<T>(wish: LockWish, act: () => Promise<T>): Promise<T> {
    const names = [...wish.names].sort();
    const requests = names.map((_, index) => this.requestOf(wish, index));
    try {
      // Not in a function of its own: its promise would change the order of what a run commands.
      while (wish.held !== true) {
        for (const [index, name] of names.entries()) await this.take(wish, name, requests[index]!);
        if (wish.mayGo()) {
          wish.onHeld();
          break;
        }
        await this.giveBack(names, requests);
        await this.temporal.condition(() => wish.mayGo());
      }
      return await act();
    } finally {
      await this.temporal.shielded(() => this.giveBack(names, requests));
    }
  }

  private async take(wish: LockWish, name: string, asked: LockRequest): Promise<void> {
    let known: string | undefined;
    for (;;) {
      const summary = `Waits for the lock ${name}`.slice(0, 200);
      const answer = await this.activities.acquireLock.executeWithOptions({ summary }, [name, asked, known ?? null]);
      if (answer.granted) return;
      known = answer.holder;
      wish.onWait(name, answer.holder);
    }
  }

  private async giveBack(names: readonly string[], requests: readonly LockRequest[]): Promise<void> {
    await Promise.all(names.map((name, index) => this.activities.releaseLock(name, requests[index]!.key)));
  }

  private requestOf({ number, step_id, grace_sec }: LockWish, index: number): LockRequest {
    const { workflowId, firstExecutionRunId: runId } = this.temporal.info();
    return {
      key: `${runId}/${number}/${index}`,
      run_id: workflowId,
      temporal_run_id: runId,
      ...defined({ step_id }),
      settle_sec: grace_sec + HEARS_OF_END_SEC,
    };
  }
}
