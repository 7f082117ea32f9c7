import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Redactor } from './redactor.js';
import { ifMissing, isMissing } from '../host/errno.js';

/** Bytes that are read at a time: what a copy holds in memory, whatever the size of the file. */
const PIECE = 256 * 1024;
/** Milliseconds to the next look at a file that grows, and the longest to one that does not. */
const LOOK_MS = 250;
const LOOK_MS_MOST = 2000;

/** Copies a file that grows, without its secrets. */
export interface LogCopy {
  /** Begins to follow the file. */
  follow(): void;
  /**
   * Copies the rest. No more is copied after this.
   *
   * @returns false where the copy is not whole: a full disk, say. The copy is a courtesy, the step's end is not.
   */
  finish(): Promise<boolean>;
}

/**
 * Makes a copy of a stream's file. What it writes depends only on what is in the file, not on when: so one who takes
 * over after a crash begins anew, and writes the same over what is there already.
 */
export function createLogCopy(from: string, to: string, redactor: Redactor): LogCopy {
  let stream = redactor.stream();
  let read = 0;
  let written = 0;
  let waitMs = LOOK_MS;
  let timer: NodeJS.Timeout | undefined;
  let busy: Promise<void> = Promise.resolve();
  let failed = false;
  let done = false;

  return {
    follow: () => schedule(),
    async finish() {
      done = true;
      clearTimeout(timer);
      await busy;
      if (read === 0 && copyAtOnce(from, to, redactor)) return true;
      failed = false;
      await take(true);
      return !failed;
    },
  };

  function schedule(): void {
    if (done) return;
    timer = setTimeout(() => {
      busy = look();
    }, waitMs);
    timer.unref();
  }

  async function look(): Promise<void> {
    const before = read;
    await take(false);
    waitMs = read > before ? LOOK_MS : Math.min(LOOK_MS_MOST, waitMs * 2);
    schedule();
  }

  /** Copies what has come since the last time. */
  async function take(last: boolean): Promise<void> {
    let source: FileHandle | undefined;
    let target: FileHandle | undefined;
    try {
      source = await open(from, 'r');
      const { size } = await source.stat();
      if (size === read && !last) return;
      target = await openTarget();
      const piece = Buffer.allocUnsafe(PIECE);
      // Up to the size at the beginning: who writes faster than this reads must not keep it busy for ever.
      for (let going = true; going && read < size;) {
        const { bytesRead } = await source.read(piece, 0, Math.min(PIECE, size - read), read);
        if (bytesRead === 0) break;
        await write(target, stream.push(piece.subarray(0, bytesRead)));
        read += bytesRead;
        going = last || !done;
      }
      if (!last) return;
      await write(target, stream.end());
      await target.truncate(written);
    } catch (error) {
      // Without a source there is nothing to copy, or somebody else has copied it and removed it.
      failed = source !== undefined || !isMissing(error);
    } finally {
      await source?.close().catch(() => {});
      await target?.close().catch(() => {});
    }
  }

  /** A copy that somebody has deleted meanwhile begins anew. */
  async function openTarget(): Promise<FileHandle> {
    // Without cutting it: somebody may be reading, and the same comes again.
    const found = await open(to, 'r+').catch(ifMissing);
    if (found !== undefined) return found;
    stream = redactor.stream();
    read = 0;
    written = 0;
    await mkdir(path.dirname(to), { recursive: true, mode: 0o700 });
    return open(to, 'w', 0o600);
  }

  async function write(target: FileHandle, bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await target.write(bytes, at, bytes.length - at, written);
      at += bytesWritten;
      written += bytesWritten;
    }
  }
}

/** Takes the secrets out of a file that is complete; where it is empty or there is none, nothing happens. */
export async function redactFile(file: string, redactor: Redactor): Promise<void> {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  const cleaned = `${file}.redacted`;
  if (await createLogCopy(file, cleaned, redactor).finish()) await rename(cleaned, file);
  else await rm(file, { force: true });
}

/** Most steps write little and are over before anybody looks: one read and one write do for them. */
function copyAtOnce(from: string, to: string, redactor: Redactor): boolean {
  try {
    const size = statSync(from, { throwIfNoEntry: false })?.size;
    if (size === undefined) return existsSync(to); // somebody else has copied it and removed it, or nobody wrote it
    if (size === 0 && !existsSync(to)) return true; // a file without a byte would be one for each stream of each step
    if (size > PIECE) return false;
    const stream = redactor.stream();
    const bytes = size === 0 ? Buffer.alloc(0) : Buffer.concat([stream.push(readFileSync(from)), stream.end()]);
    writeFileSync(to, bytes, { mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}
