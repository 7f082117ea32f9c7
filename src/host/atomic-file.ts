import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errnoOf, isMissing } from './errno.js';

/** For this user only. */
const PRIVATE = 0o600;

/**
 * Replaces a file as a whole: whoever reads it finds the old text or the new one, also after a crash of the machine.
 *
 * Costs some waits for the disk; {@link replaceFileSync} is for what may be lost with the machine.
 *
 * @param text as a whole, or in pieces
 */
export async function replaceFile(file: string, text: string | Iterable<string>): Promise<void> {
  const temporary = uniqueBeside(file);
  try {
    await writeDurably(temporary, text);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
  await syncFolder(path.dirname(file));
}

/**
 * Replaces a file as a whole: whoever reads it finds the old text or the new one. After a crash of the machine it may be
 * the old one, or empty.
 *
 * @param mode of a file for others than this user; it is for this user only by default
 */
export function replaceFileSync(file: string, text: string, mode = PRIVATE): void {
  const temporary = uniqueBeside(file);
  try {
    writeFileSync(temporary, text, { mode, flag: 'wx' });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Creates a file with its text, both at once: nobody ever sees half of it, and of several writers the first one wins.
 *
 * @returns false where the file is there already
 */
export function createFileOnce(file: string, text: string): boolean {
  if (existsSync(file)) return false;
  const draft = uniqueBeside(file);
  try {
    writeFileSync(draft, text, { mode: PRIVATE, flag: 'wx' });
    linkSync(draft, file); // fails where the name is taken, as a rename does not
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return false;
  } finally {
    unlinkIfThere(draft);
  }
}

/** `rmSync` would look at it first. */
function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** A name in the same folder that no other process or call uses. */
export function uniqueBeside(file: string): string {
  return `${file}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
}

async function writeDurably(file: string, text: string | Iterable<string>): Promise<void> {
  const handle = await open(file, 'wx', PRIVATE);
  try {
    await writeFile(handle, text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the rename last. Windows knows no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
