import os from 'node:os';

/**
 * How many processes groups begin at once: where the processors are busy, more of them only take each other's time. As
 * long as these idle, as many again begin every so many milliseconds.
 */
const ABREAST = { most: Math.max(4, os.availableParallelism() * 2), ms: 30, idle: 0.3 };

/**
 * Lets the groups of a worker begin processes in turn: each that has had one goes behind those that wait. Steps of many runs
 * would otherwise run all at once, and none of them would be short.
 */
export class GroupTurns {
  private abreast = ABREAST.most;
  private running = 0;
  private groups = 0;
  /** What is called once there may be room, in order. */
  private readonly waiting = new Set<() => void>();
  private clock: NodeJS.Timeout | undefined;

  /** @param idleShare tells the part of the processors' time that was idle since it was last asked */
  constructor(private readonly idleShare: () => number = processorsIdle()) {}

  /**
   * Takes a turn; where it is not the caller's, `again` is called once it may be.
   *
   * @param now whether it is the caller's in any case
   */
  take(again: () => void, now = false): boolean {
    const isNext = this.waiting.size === 0 || this.waiting.values().next().value === again;
    if (!now && (!isNext || this.running >= this.abreast)) {
      this.waiting.add(again);
      return false;
    }
    this.waiting.delete(again);
    this.running += 1;
    return true;
  }

  /** Gives a turn back. */
  end(): void {
    this.running -= 1;
    this.next();
  }

  /** Nobody waits there any more. */
  leave(again: () => void): void {
    if (this.waiting.delete(again)) this.next();
  }

  /** A group begins: for as long as there is one, the processors are watched. */
  open(): void {
    this.groups += 1;
    if (this.groups > 1) return;
    this.idleShare();
    this.clock = setInterval(() => {
      if (this.idleShare() < ABREAST.idle) return;
      this.abreast += ABREAST.most;
      this.next();
    }, ABREAST.ms);
  }

  close(): void {
    this.groups -= 1;
    if (this.groups > 0) return;
    clearInterval(this.clock);
    this.abreast = ABREAST.most;
  }

  /** Calls those who wait, in order, for as long as there is room. */
  private next(): void {
    for (const again of [...this.waiting]) {
      if (this.running >= this.abreast) return;
      again();
    }
  }
}

/** Makes what tells the part of the processors' time that was idle since it was last asked. */
function processorsIdle(): () => number {
  let before = processorTimes();
  return () => {
    const now = processorTimes();
    const share = (now.idle - before.idle) / Math.max(1, now.all - before.all);
    before = now;
    return share;
  };
}

/** How long the processors have been idle, and in all. Milliseconds. */
function processorTimes(): { idle: number; all: number } {
  const all = os
    .cpus()
    .map(({ times: { user, nice, sys, idle, irq } }) => [idle, user + nice + sys + idle + irq] as const);
  return { idle: sum(all.map(([idle]) => idle)), all: sum(all.map(([, each]) => each)) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
