import os from 'node:os';
import { whileIdle } from './processors.js';

/** How many groups run at once, and how long one waits for its turn. Milliseconds. */
const LIMIT = { atOnce: os.availableParallelism(), waits: 1_000 };

/**
 * Lets the groups of a worker have their turns, a few at once, in the order in which they came. The steps of fifty runs would
 * otherwise take each other's time, and none of them would be short; one after the other each group is soon over. As long as
 * the processors idle, a further one begins every so many milliseconds.
 */
export class GroupQueue {
  private running = 0;
  private atOnce: number;
  private readonly waiting: (() => void)[] = [];
  private unwatch: (() => void) | undefined;

  constructor(
    private readonly limit = LIMIT,
    private readonly watch = whileIdle,
  ) {
    this.atOnce = limit.atOnce;
  }

  /** Does something once it has its turn. @returns undefined where that did not come in time, or `signal` came first */
  async run<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    if (!(await this.hasTurn(signal))) return undefined;
    try {
      return await act();
    } finally {
      this.running -= 1;
      this.next();
    }
  }

  private async hasTurn(signal: AbortSignal): Promise<boolean> {
    if (this.running < this.atOnce) {
      this.running += 1;
      return true;
    }
    return new Promise((resolve) => {
      const end = (isTurn: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        resolve(isTurn);
      };
      const take = (): void => {
        this.running += 1;
        end(true);
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(take), 1);
        this.next();
        end(false);
      };
      const timer = setTimeout(leave, this.limit.waits);
      signal.addEventListener('abort', leave);
      this.waiting.push(take);
      this.unwatch ??= this.watch(() => {
        this.atOnce += 1;
        this.next();
      });
    });
  }

  /** Gives turns to those who wait, for as long as there are any. */
  private next(): void {
    while (this.running < this.atOnce && this.waiting.length > 0) this.waiting.shift()!();
    if (this.waiting.length > 0) return;
    this.unwatch?.();
    this.unwatch = undefined;
    this.atOnce = this.limit.atOnce;
  }
}
