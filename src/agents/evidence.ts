import { statSync } from 'node:fs';
import path from 'node:path';

/** Whether all files that a step was to make are there, and at least one has changed since it began (milliseconds). */
export function filesWereMade(cwd: string, files: readonly string[], since: number): boolean {
  if (files.length === 0) return false;
  const times = files.map((file) => statSync(path.resolve(cwd, file), { throwIfNoEntry: false })?.mtimeMs);
  // File systems keep times to the second, some of them.
  return times.every((time) => time !== undefined) && times.some((time) => time >= since - 1000);
}
