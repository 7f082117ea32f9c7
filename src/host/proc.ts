import { readFileSync } from 'node:fs';

/** What Linux says of a process in `/proc/<pid>/stat`. */
export interface ProcessStat {
  pid: number;
  group: number;
  session: number;
  /** Ticks from the boot to its start; with the pid it names one process and no other. */
  start: string;
  /** It has ended; nobody has asked for its exit code yet. */
  dead: boolean;
  /** Its first thread has ended; others may live. */
  zombie: boolean;
}

/** Undefined where there is no such process, or no `/proc`. */
export function processStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @internal for tests. */
export function parseStat(text: string): ProcessStat {
  // The name may hold blanks and parentheses, so the fields are counted from its end.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const zombie = fields[0] === 'Z' || fields[0] === 'X';
  return {
    pid: Number.parseInt(text, 10),
    group: Number(fields[2]),
    session: Number(fields[3]),
    start: fields[19]!,
    zombie,
    // A process whose first thread has ended looks like a zombie while its other threads go on.
    dead: zombie && Number(fields[17]) <= 1,
  };
}
