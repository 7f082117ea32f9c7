import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { ifMissing } from './errno.js';

/** Bytes that are read in one go. */
const CHUNK = 64 * 1024;

/** A file that somebody else may be writing to. */
export interface GrowingFile {
  /** What has come since the last call, in pieces of bounded size; nothing where the file is not there yet. */
  news(): AsyncGenerator<Buffer>;
  /**
   * The same for those who cannot wait. A piece is good until the next one is asked for.
   *
   * @param unopened is told why the file cannot be opened; by default all but its absence is thrown
   */
  newsSync(unopened?: (error: unknown) => undefined): Generator<Buffer>;
}

/** Follows a file from its beginning. */
export function growingFile(file: string): GrowingFile {
  let position = 0;
  return {
    async *news() {
      const handle = await open(file, 'r').catch(ifMissing);
      if (handle === undefined) return;
      try {
        for (;;) {
          const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, position);
          if (bytesRead === 0) return;
          position += bytesRead;
          yield buffer.subarray(0, bytesRead);
        }
      } finally {
        await handle.close();
      }
    },
    *newsSync(unopened = ifMissing) {
      const handle = openOr(file, unopened);
      if (handle === undefined) return;
      try {
        const buffer = Buffer.allocUnsafe(CHUNK);
        for (;;) {
          const read = readSync(handle, buffer, 0, CHUNK, position);
          if (read === 0) return;
          position += read;
          yield buffer.subarray(0, read);
        }
      } finally {
        closeSync(handle);
      }
    },
  };
}

function openOr(file: string, unopened: (error: unknown) => undefined): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    return unopened(error);
  }
}
