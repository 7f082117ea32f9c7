import { statSync, watch, type FSWatcher } from 'node:fs';

/** Milliseconds between two looks while the output grows. */
const MIN_POLL_MS = 1;
const MAX_POLL_MS = 100;
/** Before the second look: most processes are over by then, and have written next to nothing. Milliseconds. */
const FIRST_POLL_MS = 10;
/** After as long without growth the files are watched instead of polled. */
const QUIET_MS = 500;

/**
 * Watches the size of what a process writes.
 *
 * No limit of the system does this: a limit on file sizes would hold for all files that the step writes. A watch alone
 * would drown in events, and a poll alone would cost as much for the many steps that write little.
 */
export class OutputCap {
  private readonly watchers: FSWatcher[] = [];
  private size = 0;
  private grownAt = performance.now();
  private checkedAt = this.grownAt;
  /** Until the next look. Infinity while the files are watched. */
  pauseMs = FIRST_POLL_MS / 2;

  constructor(
    private readonly files: readonly string[],
    private readonly maxBytes: number,
    private readonly onGrowth: () => void,
  ) {}

  /** Looks at the files. @returns how much is written, as a share of what is allowed. */
  look(): number {
    const size = this.files.reduce((sum, file) => sum + sizeOf(file), 0);
    const now = performance.now();
    const rate = (size - this.size) / Math.max(now - this.checkedAt, 0.1);
    if (size !== this.size) this.grownAt = now;
    this.size = size;
    this.checkedAt = now;
    this.pauseMs = this.pauseFor(rate, now);
    return size / this.maxBytes;
  }

  close(): void {
    for (const watcher of this.watchers.splice(0)) watcher.close();
  }

  /** Half of the time that is left at the present rate: so the last look is close to the cap. */
  private pauseFor(rate: number, now: number): number {
    if (rate > 0) {
      const left = (this.maxBytes - this.size) / rate / 2;
      return Math.min(Math.max(left, MIN_POLL_MS), MAX_POLL_MS);
    }
    if (now - this.grownAt < QUIET_MS) return Math.min(Math.max(this.pauseMs, MIN_POLL_MS) * 2, MAX_POLL_MS);
    return this.isWatching() ? Number.POSITIVE_INFINITY : MAX_POLL_MS;
  }

  private isWatching(): boolean {
    if (this.watchers.length > 0) return true;
    try {
      for (const file of this.files) {
        const watcher = watch(file, () => this.wake());
        watcher.on('error', () => this.wake());
        this.watchers.push(watcher);
      }
    } catch {
      this.close(); // watches are few on some hosts
      return false;
    }
    return this.files.reduce((sum, file) => sum + sizeOf(file), 0) === this.size; // it may have grown meanwhile
  }

  private wake(): void {
    this.close();
    this.pauseMs = MIN_POLL_MS;
    this.grownAt = performance.now();
    this.onGrowth();
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
