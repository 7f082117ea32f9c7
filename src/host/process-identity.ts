import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootId, processStat, psStart } from './proc.js';

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
  return psStart(pid, 'UTC');
}

/** Ticks count from boot, so the boot is part of it: after a restart the same pid and tick are another process. */
function startTimeFromProc(pid: number): string | undefined {
  const stat = processStat(pid);
  return stat === undefined || stat.dead ? undefined : `${bootId()}-${stat.start}`;
}

function startTimeFromPowerShell(pid: number): string | undefined {
  const script = `(Get-Process -Id ${pid}).StartTime.Ticks`;
  try {
    const text = execFileSync('powershell', ['-NoProfile', '-Command', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}
