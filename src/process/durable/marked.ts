import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Generation } from './files.js';
import { isSameProcess } from './liveness.js';
import { processIds, processStat } from '../../host/proc.js';
import { MARK_VARIABLE } from './types.js';

/** Processes may be forked while they are looked for; then they are looked for again. */
const MAX_ROUNDS = 50;
const ROUND_MS = 10;

/** What follows the mark in the environment of what copies the output: it is no part of the step, and ends after it. */
const COPIER = '/copy';

/** The value of {@link MARK_VARIABLE} for a generation: another one for every folder. */
export function markOf({ dir, index }: Generation): string {
  const tryDir = realPath(path.dirname(dir));
  return `${createHash('sha256').update(tryDir).digest('hex').slice(0, 20)}/g${index}`;
}

const realFolders = new Map<string, string>();

/** Of a folder of a try, which is no link itself. Where the folder of all tries is stays known: each look is one per level. */
function realPath(tryDir: string): string {
  const parent = path.dirname(tryDir);
  let real = realFolders.get(parent);
  if (real === undefined) realFolders.set(parent, (real = realpathSync(parent)));
  return path.join(real, path.basename(tryDir));
}

export interface MarkedProcess {
  pid: number;
  group: number;
  /** Absent where only `ps` tells of processes. */
  start?: string;
}

/**
 * The live processes that carry a mark, those among them that have left their session too.
 *
 * @param session of a wrapper that is known to live: its members are found even where they have scrubbed their
 * environment. After the wrapper's death the number may be another's.
 */
export function findMarked(mark: string, session?: number): MarkedProcess[] {
  const found = process.platform === 'linux' ? findInProc(mark, session) : findByPs(mark, session);
  return found.filter(({ pid }) => pid !== process.pid);
}

/** Whether a process that was found is there still, and is no other by now. */
export function isStillThere({ pid, start }: MarkedProcess): boolean {
  return start === undefined ? signal(pid, 0) : isSameProcess(pid, start);
}

/** Kills what carries a mark until nothing does, and says how many processes that were. */
export async function killMarked(mark: string): Promise<number> {
  const killed = new Set<number>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const alive = findMarked(mark);
    if (alive.length === 0) break;
    for (const { pid } of alive) if (signal(pid, 'SIGKILL')) killed.add(pid);
    await sleep(ROUND_MS);
  }
  return killed.size;
}

/** @returns false where there is no such process, or it is another user's. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function findInProc(mark: string, session: number | undefined): MarkedProcess[] {
  const wanted = markBytes(mark);
  const copier = markBytes(`${mark}${COPIER}`);
  const found: MarkedProcess[] = [];
  for (const pid of processIds()) {
    const stat = processStat(pid);
    if (stat === undefined || stat.dead) continue;
    const member = session !== undefined && (stat.session === session || stat.group === session);
    if (member ? !has(`/proc/${pid}`, copier) : carries(pid, stat.zombie, wanted)) found.push(stat);
  }
  return found;
}

function markBytes(mark: string): Buffer {
  return Buffer.from(`\0${MARK_VARIABLE}=${mark}\0`);
}

/** The first thread of a process may have ended, and then only the others still have the environment. */
function carries(pid: number, zombie: boolean, wanted: Buffer): boolean {
  return zombie ? threadsOf(pid).some((thread) => has(thread, wanted)) : has(`/proc/${pid}`, wanted);
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
  } catch {
    return [];
  }
}

function has(dir: string, wanted: Buffer): boolean {
  try {
    const environment = readFileSync(`${dir}/environ`);
    return environment.includes(wanted) || environment.indexOf(wanted.subarray(1)) === 0;
  } catch {
    return false; // it is gone, or another user's
  }
}

/** macOS: `ps` shows the environment of this user's processes behind their arguments. */
function findByPs(mark: string, session: number | undefined): MarkedProcess[] {
  const table = execFileSync('ps', ['-A', '-E', '-ww', '-o', 'pid=,pgid=,command='], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const found: MarkedProcess[] = [];
  for (const line of table.split('\n')) {
    const [pid, group] = line.trim().split(/\s+/, 2).map(Number);
    if (pid === undefined || Number.isNaN(pid)) continue;
    const carried = (value: string): boolean => ` ${line} `.includes(` ${MARK_VARIABLE}=${value} `);
    if (group === session ? !carried(`${mark}${COPIER}`) : carried(mark)) found.push({ pid, group: group! });
  }
  return found;
}
