import { closeSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 256 * 1024;

/** Whether a file holds a text, however large it is; false for a file that cannot be read. */
export function fileContains(file: string, text: string): boolean {
  const wanted = Buffer.from(text);
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    const buffer = Buffer.alloc(wanted.length + CHUNK_BYTES);
    let kept = 0;
    for (;;) {
      const read = readSync(fd, buffer, kept, buffer.length - kept, null);
      if (read === 0) return false;
      const seen = buffer.subarray(0, kept + read);
      if (seen.includes(wanted)) return true;
      // What may be the beginning of the text stands at the end of what was read.
      kept = Math.min(wanted.length - 1, seen.length);
      seen.copy(buffer, 0, seen.length - kept);
    }
  } finally {
    closeSync(fd);
  }
}
