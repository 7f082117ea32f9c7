// The system calls that have to do with files and processes, counted by strace where it is there and may look.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What waits, and what threads say to each other, depends on the moment; these depend on what is done. */
const WHICH = 'trace=%file,%process';
/** How often somebody looks whether a process has ended depends on the moment, too. */
const NOT_COUNTED = new Set(['wait4', 'waitid', 'total']);
const PATIENCE_MS = 30_000;

/** Whether strace is there. */
export function canTrace() {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Counts what some processes, and all that they start, call while `work` is done. They are slow meanwhile.
 *
 * @param file where strace may write
 * @returns how often, by the names of the calls
 */
export async function traced(pids, file, work) {
  const tracer = spawn('strace', ['-f', '-c', '-e', WHICH, '-o', file, ...pids.flatMap((pid) => ['-p', String(pid)])], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(tracer, 'exit');
  await attached(tracer, pids.length);
  try {
    await work();
  } finally {
    tracer.kill('SIGINT');
    await ended;
  }
  return readCounts(readFileSync(file, 'utf8'));
}

async function attached(tracer, count) {
  let said = '';
  tracer.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const deadline = performance.now() + PATIENCE_MS;
  while ((said.match(/ attached/g) ?? []).length < count) {
    if (tracer.exitCode !== null || performance.now() > deadline) throw new Error(`strace does not attach: ${said}`);
    await sleep(20);
  }
}

/** Of strace's table: `% time, seconds, usecs/call, calls, errors, syscall`, where the errors may be left out. */
function readCounts(table) {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  const calls = rows.filter((row) => /^\d/.test(row[0]) && !NOT_COUNTED.has(row.at(-1)));
  return Object.fromEntries(calls.map((row) => [row.at(-1), Number(row[3])]));
}
