import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { RedactingStream, Redactor } from './redactor.js';
import { ifMissing, isMissing } from '../host/errno.js';

/** Bytes that are read at a time: what a copy holds in memory, whatever the size of the file. */
const PIECE = 256 * 1024;
/** Milliseconds to the next look at a file that grows, and the longest to one that does not. */
const LOOK_MS = 250;
const LOOK_MS_MOST = 2000;

/**
 * Copies a stream's file, which grows, without its secrets. What it writes depends only on what is in the file, not on
 * when: so one who takes over after a crash begins anew, and writes the same over what is there already.
 */
export class LogCopy {
  private stream: RedactingStream;
  private read = 0;
  private written = 0;
  private waitMs = LOOK_MS;
  private timer: NodeJS.Timeout | undefined;
  private busy: Promise<void> = Promise.resolve();
  private failed = false;
  private done = false;

  constructor(
    private readonly from: string,
    private readonly to: string,
    private readonly redactor: Redactor,
  ) {
    this.stream = redactor.stream();
  }

  /** Begins to follow the file. */
  follow(): void {
    if (this.done) return;
    this.timer = setTimeout(() => {
      this.busy = this.look();
    }, this.waitMs);
    this.timer.unref();
  }

  /**
   * Copies the rest. No more is copied after this.
   *
   * @returns false where the copy is not whole: a full disk, say. The copy is a courtesy, the step's end is not.
   */
  async finish(): Promise<boolean> {
    this.done = true;
    clearTimeout(this.timer);
    await this.busy;
    if (this.read === 0 && copyAtOnce(this.from, this.to, this.redactor)) return true;
    this.failed = false;
    await this.take(true);
    return !this.failed;
  }

  private async look(): Promise<void> {
    const before = this.read;
    await this.take(false);
    this.waitMs = this.read > before ? LOOK_MS : Math.min(LOOK_MS_MOST, this.waitMs * 2);
    this.follow();
  }

  /** Copies what has come since the last time. */
  private async take(last: boolean): Promise<void> {
    let source: FileHandle | undefined;
    let target: FileHandle | undefined;
    try {
      source = await open(this.from, 'r');
      const { size } = await source.stat();
      if (size === this.read && !last) return;
      target = await this.openTarget();
      await this.copyUpTo(size, source, target, last);
      if (!last) return;
      await this.write(target, this.stream.end());
      await target.truncate(this.written);
    } catch (error) {
      // Without a source there is nothing to copy, or somebody else has copied it and removed it.
      this.failed = source !== undefined || !isMissing(error);
    } finally {
      await source?.close().catch(() => {});
      await target?.close().catch(() => {});
    }
  }

  /** Up to the size at the beginning: who writes faster than this reads must not keep it busy for ever. */
  private async copyUpTo(size: number, source: FileHandle, target: FileHandle, last: boolean): Promise<void> {
    const piece = Buffer.allocUnsafe(PIECE);
    while (this.read < size) {
      const { bytesRead } = await source.read(piece, 0, Math.min(PIECE, size - this.read), this.read);
      if (bytesRead === 0) return;
      await this.write(target, this.stream.push(piece.subarray(0, bytesRead)));
      this.read += bytesRead;
      if (this.done && !last) return; // the rest is for who waits for it
    }
  }

  /** A copy that somebody has deleted meanwhile begins anew. */
  private async openTarget(): Promise<FileHandle> {
    // Without cutting it: somebody may be reading, and the same comes again.
    const found = await open(this.to, 'r+').catch(ifMissing);
    if (found !== undefined) return found;
    this.stream = this.redactor.stream();
    this.read = 0;
    this.written = 0;
    await mkdir(path.dirname(this.to), { recursive: true, mode: 0o700 });
    return open(this.to, 'w', 0o600);
  }

  private async write(target: FileHandle, bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await target.write(bytes, at, bytes.length - at, this.written);
      at += bytesWritten;
      this.written += bytesWritten;
    }
  }
}

/** Takes the secrets out of a file that is complete; where it is empty or there is none, nothing happens. */
export async function redactFile(file: string, redactor: Redactor): Promise<void> {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  const cleaned = `${file}.redacted`;
  if (await new LogCopy(file, cleaned, redactor).finish()) await rename(cleaned, file);
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
