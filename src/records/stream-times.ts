import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/**
 * When the output of an attempt came: beside the logs, a line for each time that something was seen of a stream, as
 * `o 120 1764414720123.456`: of stdout (`e` is stderr) 120 bytes of the log had come by then. A `<` behind it means that
 * nobody was looking when they came. Where the file is there, all that is in the logs gets its line, once it is written.
 */
export const TIMES_FILE = 'times.log';

export type StreamName = 'stdout' | 'stderr';

/** By a time so many bytes of a stream were there. */
export interface StreamTime {
  stream: StreamName;
  bytes: number;
  /** Milliseconds since the epoch. */
  time: number;
  /** It may have been much earlier: no worker was looking. */
  late: boolean;
}

/** Writes the times of an attempt. What cannot be written is lost: times are a courtesy. */
export interface TimesWriter {
  /** Before the first byte of a log is written, so that who follows the logs knows to wait for the times. */
  begin(): void;
  note(time: StreamTime): void;
  /** Writes what is noted, in the order of time. */
  flush(): void;
}

/** @param folder of the attempt. Who takes over an attempt adds to what is there: readers pass over what is said twice. */
export function timesWriter(folder: string): TimesWriter {
  const file = path.join(folder, TIMES_FILE);
  let noted: StreamTime[] = [];
  let begun = false;
  return {
    begin() {
      if (begun || noted.length > 0) return;
      begun = true;
      append(folder, file, '\n'); // ends a line that a worker that was killed may have left unfinished
    },
    note(time) {
      noted.push(time);
    },
    flush() {
      if (noted.length === 0) return;
      const lines = noted.toSorted((a, b) => a.time - b.time).map(formatTime);
      noted = [];
      append(folder, file, `${begun ? '' : '\n'}${lines.join('')}`);
      begun = true;
    },
  };
}

function append(folder: string, file: string, text: string): void {
  try {
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    appendFileSync(file, text, { mode: 0o600 });
  } catch {
    // The logs say the rest.
  }
}

function formatTime({ stream, bytes, time, late }: StreamTime): string {
  return `${stream === 'stdout' ? 'o' : 'e'} ${bytes} ${time.toFixed(3)}${late ? '<' : ''}\n`;
}

/** Reads a line; undefined where it is none, as one that a killed worker has left. */
export function parseTime(line: string): StreamTime | undefined {
  const [, stream, bytes, time, late] = /^([oe]) (\d+) (\d+\.\d{3})(<?)$/.exec(line) ?? [];
  if (stream === undefined) return undefined;
  return { stream: stream === 'o' ? 'stdout' : 'stderr', bytes: Number(bytes), time: Number(time), late: late === '<' };
}
