import { readdirSync, statSync } from 'node:fs';
import { readdir, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { sweepFifos } from './fifo-pool.js';
import { ifMissing, isMissing } from '../../host/errno.js';
import { readOwner } from './owner.js';
import { reap } from './reap.js';

/** A try is begun by writing its owner; a folder that has none for as long was given up. Milliseconds. */
const ABANDONED_MS = 60_000;

export interface Try {
  dir: string;
  /** Name of its folder. */
  name: string;
  /** As it stands in its {@link DurableSpec}. */
  owner: Readonly<Record<string, string>>;
}

export interface SweepOptions {
  /** Whether somebody may still ask for the try. Where this throws, the try is kept. */
  isOpen: (attempt: Try) => Promise<boolean>;
  /** Milliseconds between TERM and KILL. */
  graceMs: number;
  /** Told what could not be swept; the sweep goes on. */
  onError?: (error: unknown, attempt: { dir: string }) => void;
}

/**
 * Removes the tries in a folder that nobody will ask for again, and ends what still runs of them.
 *
 * @returns the names of those that were removed.
 */
export async function sweepTries(attemptsDir: string, options: SweepOptions): Promise<string[]> {
  const removed: string[] = [];
  for (const name of foldersIn(attemptsDir)) {
    const dir = path.join(attemptsDir, name);
    try {
      if (await isWanted(name, dir, options.isOpen)) continue;
      await reap(dir, 'canceled', options);
      await remove(dir);
      removed.push(name);
    } catch (error) {
      options.onError?.(error, { dir });
    }
  }
  sweepFifos(attemptsDir);
  return removed;
}

function foldersIn(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map((entry) => entry.name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/**
 * Thousands go at once after a large run, and a disk takes a millisecond for each: in the worker's own thread that would
 * hold up all that runs. Node's `rm` tries to remove each folder before it looks into it, which takes as long again.
 */
async function remove(dir: string): Promise<void> {
  const entries = (await readdir(dir, { withFileTypes: true }).catch(ifMissing)) ?? [];
  for (const entry of entries) {
    const inside = path.join(dir, entry.name);
    await (entry.isDirectory() ? remove(inside) : unlink(inside).catch(ifMissing));
  }
  await rmdir(dir).catch(ifMissing);
}

async function isWanted(name: string, dir: string, isOpen: SweepOptions['isOpen']): Promise<boolean> {
  const owner = readOwner(dir);
  if (owner === undefined) return Date.now() - statSync(dir).mtimeMs < ABANDONED_MS;
  return isOpen({ dir, name, owner });
}
