import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { defined } from '../basics/defined.js';

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
  const state = fields[0];
  const zombie = state === 'Z' || state === 'X';
  return {
    pid: Number.parseInt(text, 10),
    group: Number(fields[2]),
    session: Number(fields[3]),
    start: fields[19]!,
    zombie,
    // A process whose first thread has ended looks like a zombie while its other threads go on, with its ports and files.
    dead: state === 'X' || (zombie && Number(fields[17]) <= 1),
  };
}

/** The ids of all processes, as Linux tells them. */
export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The boot that ticks are counted from, as Linux tells it. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * When a process was started, as `ps` tells it where there is no `/proc`; undefined where there is none that lives.
 *
 * @param timeZone of the answer: only equal ones can be compared. Default: that of this process
 */
export function psStart(pid: number, timeZone?: string): string | undefined {
  const env = { ...process.env, LC_ALL: 'C', ...defined({ TZ: timeZone }) };
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [, state, start] = /^\s*(\S+)\s+(\S.*?)\s*$/s.exec(line) ?? [];
    return state === undefined || state.startsWith('Z') ? undefined : start;
  } catch {
    return undefined;
  }
}
