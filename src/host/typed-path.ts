import path from 'node:path';

/** A file as one would type it in a folder: relative where it is in that folder or below. */
export function typedPath(cwd: string, file: string): string {
  const relative = path.relative(cwd, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
