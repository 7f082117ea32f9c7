import type { Allowance } from '../../plan/expressions/index.js';
import type { Scope, Temporal } from '../temporal/temporal.js';

/** What may be worked out in one workflow task: two of the most expensive expressions, about a second. */
const MOST = 4_000_000;
/** Once this much is spent, whatever can wait waits for the next task. */
const PLENTY = 500_000;

/** What expressions may cost in this workflow task. The meter counts, and no clock: a replay decides the same. */
export function createAllowance(temporal: Temporal): Allowance & { spent(): number } {
  let task = -1;
  let used = 0;
  const look = (): number => {
    const current = temporal.info().historyLength; // the same for all of one workflow task, also on replay
    if (current !== task) {
      task = current;
      used = 0;
    }
    return used;
  };
  return {
    get left() {
      return MOST - look();
    },
    spend(cost) {
      used = look() + cost;
    },
    spent: look,
  };
}

/** Spreads what is worked out over several workflow tasks. */
export interface Pacing {
  /** True where this task has had plenty: call {@link later}. */
  readonly busy: boolean;
  /** Works something out in a later task, in the order of the calls. Rejects where the caller's scope is canceled. */
  later<T>(compute: () => T): Promise<T>;
}

/** @param parent the scope of the timers, whoever waits */
export function createPacing(temporal: Temporal, allowance: { spent(): number } | undefined, parent: Scope): Pacing {
  const queue: (() => void)[] = [];
  let going = false;
  const full = (): boolean => allowance !== undefined && allowance.spent() >= PLENTY;

  return {
    get busy() {
      return queue.length > 0 || full();
    },
    async later(compute) {
      const { cancelRequested } = temporal.currentScope();
      const computed = new Promise<ReturnType<typeof compute>>((resolve, reject) => {
        const entry = (): void => {
          try {
            resolve(compute());
          } catch (error) {
            reject(error);
          }
        };
        queue.push(entry);
        cancelRequested.catch((error: unknown) => {
          const place = queue.indexOf(entry);
          if (place >= 0) queue.splice(place, 1);
          reject(error); // of no effect where it has been worked out
        });
      });
      if (!going) void go();
      return computed;
    },
  };

  /** One timer for all that wait: one for each would be thousands. */
  async function go(): Promise<void> {
    going = true;
    while (queue.length > 0) {
      await parent.run(() => temporal.sleep(1));
      while (queue.length > 0 && !full()) queue.shift()!();
    }
    going = false;
  }
}
