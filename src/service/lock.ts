import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ServiceError } from './errors.js';
import { createFileOnce } from '../host/atomic-file.js';
import { unlessMissing } from '../host/errno.js';
import { identify, isAlive, type ProcessIdentity } from '../host/process-identity.js';

/** How often a held lock is looked at. Milliseconds. */
const POLL_MS = 50;

export interface LockOptions {
  /** How long to wait for another holder. Milliseconds. */
  timeoutMs: number;
  /** Called once, when the lock is held by another. */
  onWait?: (holderPid: number) => void;
}

const holderSchema = z.object({ pid: z.number(), start_time: z.string(), token: z.string() });
type Holder = z.infer<typeof holderSchema>;

/**
 * Does `work` while no other process of this machine holds the lock file.
 *
 * @throws ServiceError `service_lock_timeout`
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const mine = await acquire(path, options);
  try {
    return await work();
  } finally {
    release(path, mine);
  }
}

async function acquire(path: string, options: LockOptions): Promise<Holder> {
  const mine = newHolder();
  const deadline = performance.now() + options.timeoutMs;
  let waiting = false;
  for (;;) {
    const holder = tryAcquire(path, mine);
    if (holder === mine) return mine;
    if (performance.now() > deadline) throw lockTimeout(path, holder);
    if (holder && !waiting) {
      waiting = true;
      options.onWait?.(holder.pid);
    }
    await sleep(POLL_MS);
  }
}

/**
 * Takes the lock, or tells who holds it (undefined: it was given back in between).
 *
 * A dead holder's lock is removed. Two processes may find it dead at once, and the slower one must not remove the
 * faster one's new lock. So the right to remove it is a lock of its own, named by the dead one's token; under it
 * the token is read again. That lock's holder may die too, which the same rule covers.
 */
function tryAcquire(path: string, mine: Holder): Holder | undefined {
  if (createWith(path, mine)) return mine;
  const holder = readHolder(path);
  if (!holder || isAlive(holder)) return holder;
  const breakLock = `${path}.${holder.token}`;
  if (tryAcquire(breakLock, mine) !== mine) return holder;
  try {
    if (readHolder(path)?.token === holder.token) rmSync(path, { force: true });
  } finally {
    rmSync(breakLock, { force: true });
  }
  return createWith(path, mine) ? mine : readHolder(path);
}

function createWith(path: string, holder: Holder): boolean {
  return createFileOnce(path, JSON.stringify(holder));
}

function readHolder(path: string): Holder | undefined {
  return unlessMissing(() => parseHolder(readFileSync(path, 'utf8')) ?? lostHolder(path));
}

function parseHolder(text: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Locks appear with their text, so one without it lost it when the machine went down; its holder went down too. */
function lostHolder(path: string): Holder {
  return { pid: 0, start_time: '', token: `lost-${statSync(path).ino}` };
}

function release(path: string, mine: Holder): void {
  if (readHolder(path)?.token === mine.token) rmSync(path, { force: true });
}

function newHolder(): Holder {
  const self: ProcessIdentity | undefined = identify(process.pid);
  if (!self) throw new Error('Internal error: this process has no start time');
  return { ...self, token: randomBytes(4).toString('hex') };
}

function lockTimeout(path: string, holder: Holder | undefined): ServiceError {
  const who = holder ? `process ${holder.pid}` : 'other processes';
  return new ServiceError(
    'service_lock_timeout',
    `${who} has held the lock ${path} for too long`,
    'see what that process is doing, end it if it hangs, and try again',
  );
}
