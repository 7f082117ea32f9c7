import { statfsSync } from 'node:fs';
import { errnoOf } from './errno.js';

/** Below it a process can be started and not say so, for its files stay empty. Bytes. */
const LEAST_BYTES = 1024 * 1024;

/** Whether the disk that a folder is on has room for anything. True where that can't be told. */
export function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= LEAST_BYTES;
  } catch {
    return true;
  }
}

/** True for the error of a disk that is full, or of a user who has had their share of it. */
export function isDiskFull(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}
