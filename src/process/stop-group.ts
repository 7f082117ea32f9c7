import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often a stopping group is looked at. Milliseconds. */
const POLL_MS = 20;

/**
 * Stops a process group: TERM, and KILL for what is left after `graceMs`.
 *
 * Resolves when no process of the group is left. The leader's end is not enough: its children may be deaf to TERM.
 */
export async function stopGroup(leader: number, graceMs: number, leaderEnded: Promise<unknown>): Promise<void> {
  if (process.platform === 'win32') return stopTree(leader, leaderEnded);
  signalGroup(leader, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (groupExists(leader) && performance.now() < deadline) await sleep(POLL_MS);
  signalGroup(leader, 'SIGKILL');
  await leaderEnded;
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // the group is gone, which is what was wanted
  }
}

function groupExists(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Windows has no groups and no TERM: the tree is ended at once. */
async function stopTree(root: number, rootEnded: Promise<unknown>): Promise<void> {
  execFile('taskkill', ['/PID', String(root), '/T', '/F'], () => {});
  await rootEnded;
}
