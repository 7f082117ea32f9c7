import path from 'node:path';
import { Arrivals, type Arrival } from '../../host/arrivals.js';
import type { Started } from '../../process/index.js';
import { timesWriter, type StreamName, type TimesWriter } from '../../records/stream-times.js';
import { LogCopy, type CopyMarks, type Redactor } from '../../secrets/index.js';

/** Milliseconds to the next look at files that grow, and the longest to those that do not. */
const LOOK_MS = 250;
const LOOK_MS_MOST = 2000;

/** The streams of a process whose output is copied. */
export type CopiedStreams = Pick<Started, 'stdoutFile' | 'stderrFile' | 'attached'>;

/** Copies both streams of a process into the folder of its attempt, without secrets, and notes when what came came. */
export class StreamCopies {
  private readonly arrivals: Arrivals;
  private readonly times: TimesWriter;
  private readonly copies: LogCopy[];
  private waitMs = LOOK_MS;
  private timer: NodeJS.Timeout | undefined;
  private done = false;

  constructor({ stdoutFile, stderrFile, attached }: CopiedStreams, folder: string, redactor: Redactor) {
    const files = [stdoutFile, stderrFile];
    this.arrivals = new Arrivals(files, attached);
    this.times = timesWriter(folder);
    this.copies = (['stdout', 'stderr'] as const).map((stream, index) => {
      const marks = marksOf(stream, index, this.arrivals, this.times);
      return new LogCopy(files[index]!, path.join(folder, `${stream}.log`), redactor, marks);
    });
  }

  follow(): void {
    this.arrivals.start();
    this.wait();
  }

  /**
   * Copies the rest.
   *
   * @param endedAt when the process ended, where that is known
   * @returns false where a copy is not whole
   */
  async finish(endedAt?: number): Promise<boolean> {
    this.done = true;
    clearTimeout(this.timer);
    this.arrivals.stop();
    this.arrivals.look(endedAt);
    const whole = await Promise.all(this.copies.map((copy) => copy.finish()));
    this.times.flush();
    return whole.every(Boolean);
  }

  private wait(): void {
    if (this.done) return;
    this.timer = setTimeout(() => void this.look(), this.waitMs);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    this.arrivals.look(); // what is copied now has its times now
    const grown = await Promise.all(this.copies.map((copy) => copy.look()));
    this.times.flush();
    this.waitMs = grown.includes(true) ? LOOK_MS : Math.min(LOOK_MS_MOST, this.waitMs * 2);
    this.wait();
  }
}

function marksOf(stream: StreamName, index: number, arrivals: Arrivals, times: TimesWriter): CopyMarks {
  let noted = 0;
  let last: Pick<Arrival, 'time' | 'late'> = { time: Date.now(), late: false };
  const note = (bytes: number): void => {
    if (bytes <= noted) return;
    noted = bytes;
    times.note({ stream, bytes, time: last.time, late: last.late });
  };
  return {
    begin: () => times.begin(),
    next: () => arrivals.next(index)?.size,
    reached(bytes) {
      last = arrivals.take(index)!;
      note(bytes);
    },
    ended: note,
  };
}
