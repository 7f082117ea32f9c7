import { statSync, watch, type FSWatcher } from 'node:fs';

/** Milliseconds after which the files are watched: of what is over by then there is one time only. */
const FIRST_MS = 1;
/** News in a row, and a second, that are noted one by one. Who writes faster is looked at from time to time. */
const BURST = 200;
/** Milliseconds between two looks at files that grow fast, and the longest to those that do not grow. */
const FAST_MS = 20;
const SLOW_MS = 250;
/** Milliseconds without growth after which the files are watched again. */
const QUIET_MS = 1000;
/** Each time that so many have been noted, looks become half as frequent: times are small beside what is printed. */
const MANY = 20_000;

/** A file had this size at that time. */
export interface Arrival {
  /** Milliseconds since the epoch; no two of the same files are equal, and none is before an earlier one. */
  time: number;
  size: number;
  /** Nobody has looked before: what came may be much older. */
  late: boolean;
}

/**
 * Notes when files grow. As long as little comes every write is noted, in the order of the writes; of what comes faster,
 * what has come between two looks.
 *
 * For a file that nobody writes to it costs a watch, and nothing for what is over after a millisecond.
 */
export class Arrivals {
  private readonly noted: Arrival[][];
  private readonly sizes: number[];
  private readonly watchers: FSWatcher[] = [];
  private timer: NodeJS.Timeout | undefined;
  private pauseMs = FAST_MS;
  private grownAt = 0;
  private credit = BURST;
  private creditAt = 0;
  private count = 0;
  private lastTime = 0;
  private stopped = false;
  private first = true;

  /** @param late nobody has looked at the files so far, for somebody else has been writing them for a while */
  constructor(
    private readonly files: readonly string[],
    private readonly late: boolean,
  ) {
    this.noted = files.map(() => []);
    this.sizes = files.map(() => 0);
  }

  start(): void {
    this.wait(FIRST_MS);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.unwatch();
  }

  /** Notes what has come of all files. @param at no later than that, where it is known */
  look(at = Number.POSITIVE_INFINITY): void {
    for (const index of this.files.keys()) this.note(index, at);
    this.first = false;
  }

  /** The earliest that is noted of a file and has not been taken. */
  next(index: number): Arrival | undefined {
    return this.noted[index]![0];
  }

  take(index: number): Arrival | undefined {
    return this.noted[index]!.shift();
  }

  private wait(ms: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => this.go(), ms);
    this.timer.unref();
  }

  private go(): void {
    const before = this.count;
    this.look();
    const now = performance.now();
    if (this.count > before) this.grownAt = now;
    const factor = 2 ** Math.floor(this.count / MANY);
    this.pauseMs = this.count > before ? FAST_MS * factor : Math.min(this.pauseMs * 2, SLOW_MS * factor);
    const quiet = before === 0 || now - this.grownAt > QUIET_MS;
    if (quiet && factor === 1 && this.watch()) this.look(); // they may have grown before the watch began
    else this.wait(this.pauseMs);
  }

  private note(index: number, at: number): void {
    const size = statSync(this.files[index]!, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= this.sizes[index]!) return;
    this.sizes[index] = size;
    this.count += 1;
    this.lastTime = Math.max(Math.min(wallClock(), at), this.lastTime + 0.001);
    this.noted[index]!.push({ time: this.lastTime, size, late: this.late && this.first });
  }

  private watch(): boolean {
    try {
      for (const [index, file] of this.files.entries()) {
        const watcher = watch(file, { persistent: false }, () => this.hear(index));
        watcher.on('error', () => this.poll());
        this.watchers.push(watcher);
      }
      return true;
    } catch {
      this.unwatch(); // watches are few on some hosts
      return false;
    }
  }

  private hear(index: number): void {
    if (this.watchers.length === 0) return;
    this.note(index, Number.POSITIVE_INFINITY);
    const now = performance.now();
    this.credit = Math.min(BURST, this.credit + ((now - this.creditAt) / 1000) * BURST) - 1;
    this.creditAt = now;
    if (this.credit < 0) this.poll();
  }

  private poll(): void {
    this.unwatch();
    this.grownAt = performance.now();
    this.pauseMs = FAST_MS;
    this.wait(FAST_MS);
  }

  private unwatch(): void {
    for (const watcher of this.watchers.splice(0)) watcher.close();
  }
}

/** Finer than a millisecond, so that what came one after the other stays in order. */
function wallClock(): number {
  return performance.timeOrigin + performance.now();
}
