import { copyFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { MAX_LOG_BYTES } from './files.js';

/**
 * Sets a log aside that has grown large: what it holds becomes `<log>.1`, and it begins anew. Its writers keep it open for
 * appending, and go on at its new end; what they write at that very moment may be lost. Where there is no room for a
 * copy, the old lines go.
 *
 * @param maxBytes for tests
 */
export function rotateLog(path: string, maxBytes = MAX_LOG_BYTES): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= maxBytes) return;
  try {
    copyFileSync(path, `${path}.1`);
  } catch {
    rmSync(`${path}.1`, { force: true }); // half a copy
  }
  truncateSync(path);
}
