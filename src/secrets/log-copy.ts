import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { RedactingStream, Redactor } from './redactor.js';
import { ifMissing, isMissing } from '../host/errno.js';

/** Bytes that are read at a time: what a copy holds in memory, whatever the size of the file. */
const PIECE = 256 * 1024;

/** What is to be noted of a copy: where it stands when it has all that the source had at some time. */
export interface CopyMarks {
  /** The first bytes are about to be written. */
  begin(): void;
  /** The size of the source for which that is asked next. */
  next(): number | undefined;
  /**
   * All that the source had then is copied, and `bytes` is the size of the copy. What may be the beginning of a secret
   * is held back, and comes after it.
   */
  reached(bytes: number): void;
  /** All is copied. */
  ended(bytes: number): void;
}

/**
 * Copies a stream's file, which grows, without its secrets. What it writes depends only on what is in the file, not on
 * when: so one who takes over after a crash begins anew, and writes the same over what is there already.
 */
export class LogCopy {
  private stream: RedactingStream;
  private read = 0;
  private written = 0;
  private busy: Promise<void> = Promise.resolve();
  private failed = false;
  private done = false;

  constructor(
    private readonly from: string,
    private readonly to: string,
    private readonly redactor: Redactor,
    private readonly marks?: CopyMarks,
  ) {
    this.stream = redactor.stream();
  }

  /** Copies what has come since the last time. @returns whether there was anything */
  async look(): Promise<boolean> {
    if (this.done) return false;
    const before = this.read;
    this.busy = this.take(false);
    await this.busy;
    return this.read > before;
  }

  /**
   * Copies the rest. No more is copied after this.
   *
   * @returns false where the copy is not whole: a full disk, say. The copy is a courtesy, the step's end is not.
   */
  async finish(): Promise<boolean> {
    this.done = true;
    await this.busy;
    if (this.read === 0 && this.copyAtOnce()) return true;
    this.failed = false;
    await this.take(true);
    return !this.failed;
  }

  /** Most steps write little and are over before anybody looks: one read and one write do for them. */
  private copyAtOnce(): boolean {
    const { from, to } = this;
    try {
      const size = statSync(from, { throwIfNoEntry: false })?.size;
      if (size === undefined) return existsSync(to); // somebody else has copied it and removed it, or nobody wrote it
      if (size === 0 && !existsSync(to)) return true; // a file without a byte would be one for each stream of each step
      if (size > PIECE) return false;
      const bytes = size === 0 ? Buffer.alloc(0) : Buffer.concat([this.clean(readFileSync(from)), this.stream.end()]);
      if (bytes.length > 0) this.marks?.begin();
      writeFileSync(to, bytes, { mode: 0o600 });
      this.marks?.ended(bytes.length);
      return true;
    } catch {
      this.stream = this.redactor.stream();
      return false;
    }
  }

  private async take(last: boolean): Promise<void> {
    let source: FileHandle | undefined;
    let target: FileHandle | undefined;
    try {
      source = await open(this.from, 'r');
      const { size } = await source.stat();
      if (size === this.read && !last) return;
      if (size > 0) this.marks?.begin();
      target = await this.openTarget();
      await this.copyUpTo(size, source, target, last);
      if (!last) return;
      await this.write(target, this.stream.end());
      await target.truncate(this.written);
      this.marks?.ended(this.written);
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
      await this.write(target, this.clean(piece.subarray(0, bytesRead)));
      this.read += bytesRead;
      if (this.done && !last) return; // the rest is for who waits for it
    }
  }

  /** What follows on what was read, without secrets: the same wherever it is cut, so it is cut where something is marked. */
  private clean(bytes: Buffer): Buffer {
    const parts: Buffer[] = [];
    let from = 0;
    let copied = this.written;
    const upTo = (end: number): void => {
      const part = this.stream.push(bytes.subarray(from, end));
      parts.push(part);
      copied += part.length;
      from = end;
    };
    for (;;) {
      const mark = this.marks?.next();
      if (mark === undefined || mark > this.read + bytes.length) break;
      if (mark > this.read + from) upTo(mark - this.read);
      this.marks!.reached(copied);
    }
    if (from < bytes.length) upTo(bytes.length);
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
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
