import { open } from 'node:fs/promises';

/** Bytes that are read in one go. */
const CHUNK = 64 * 1024;

/** A file that somebody else may be writing to. */
export interface GrowingFile {
  /** What has come since the last call, in pieces of bounded size; nothing where the file is not there yet. */
  news(): AsyncGenerator<Buffer>;
}

/** Follows a file from its beginning. */
export function growingFile(file: string): GrowingFile {
  let position = 0;
  return {
    async *news() {
      const handle = await open(file, 'r').catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      });
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
  };
}
