import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often a stopping process is looked at. Milliseconds. */
const POLL_MS = 20;

/** After KILL a process is gone as soon as the kernel gets to it; a busy machine takes a moment. Milliseconds. */
const KILL_WAIT_MS = 5_000;

/** A process, told apart from a later one that was given the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque; only equality means anything. */
  start_time: string;
}

/** The identity of a process that lives now. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, start_time: startTime };
}

/** Whether this very process still lives. A zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return startTimeOf(identity.pid) === identity.start_time;
}

/**
 * Ends a process: TERM, and KILL if it lives on after `graceMs`. Touches nothing if the pid is another's by now.
 *
 * Resolves to whether it is gone.
 */
export async function stopProcess(identity: ProcessIdentity, graceMs: number): Promise<boolean> {
  signal(identity, 'SIGTERM');
  if (await goneWithin(identity, graceMs)) return true;
  signal(identity, 'SIGKILL');
  return goneWithin(identity, KILL_WAIT_MS);
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, name);
  } catch {
    // it ended in between, or is not ours to end; the caller sees which
  }
}

async function goneWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (isAlive(identity)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function startTimeOf(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (process.platform === 'linux') return startTimeFromProc(pid);
  if (process.platform === 'win32') return startTimeFromPowerShell(pid);
  return startTimeFromPs(pid);
}

/** Ticks count from boot, so the boot is part of it: after a restart the same pid and tick are another process. */
function startTimeFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name stands in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, threads] = [fields[0], Number(fields[17])];
    // While a killed process still has other threads, it holds its ports and files, whatever its first one's state is.
    if (state === 'X' || (state === 'Z' && threads <= 1)) return undefined;
    return `${bootId()}-${fields[19]}`;
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function startTimeFromPs(pid: number): string | undefined {
  const line = output('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)]);
  const match = /^\s*(\S+)\s+(\S.*)$/.exec(line);
  return match && !match[1]?.startsWith('Z') ? match[2]?.trim() : undefined;
}

function startTimeFromPowerShell(pid: number): string | undefined {
  return (
    output('powershell', ['-NoProfile', '-Command', `(Get-Process -Id ${pid}).StartTime.Ticks`]).trim() || undefined
  );
}

function output(command: string, args: string[]): string {
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    return execFileSync(command, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
