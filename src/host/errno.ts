/** The system's error code (`ENOENT` …) of what was thrown, if it carries one. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** Whether something failed because a file, or a folder on the way to it, is not there. */
export function isMissing(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** For `catch`: undefined where a file is not there. @throws whatever else went wrong */
export function ifMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

/** What `read` gives; undefined where its file is not there. @throws whatever else went wrong */
export function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    return ifMissing(error);
  }
}
