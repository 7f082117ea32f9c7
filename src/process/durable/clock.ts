import { readFileSync } from 'node:fs';

/** Linux counts a process's start in hundredths of a second, and `/proc/uptime` has as many digits. */
export const TICK_MS = 10;

/**
 * A clock that all processes of this host share and that no one can set: milliseconds since the boot, time asleep
 * included. Where the system tells none (macOS) it is the wall clock.
 */
export function hostClock(): number {
  const now = performance.now();
  if (last === undefined || now - last.at >= FRESH_MS) last = { at: now, clock: readClock() };
  return last.clock;
}

/** For as long a reading is good: a look at a process asks more than once. Milliseconds. */
const FRESH_MS = 2;

let last: { at: number; clock: number } | undefined;

function readClock(): number {
  try {
    return uptimeMs(readFileSync('/proc/uptime', 'utf8').split(' ')[0]!);
  } catch {
    return Date.now();
  }
}

/** Milliseconds of an uptime as `/proc/uptime` has it, which is what the wrapper writes down. */
export function uptimeMs(text: string): number {
  return Math.round(Number(text) * 1000);
}
