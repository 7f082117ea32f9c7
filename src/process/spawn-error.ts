import { stat } from 'node:fs/promises';
import path from 'node:path';

/** A process could not be started. `message` says what is missing. */
export class SpawnError extends Error {
  override readonly name = 'SpawnError';
}

/** Tells the reasons apart that the system lumps together: ENOENT may mean the command or its folder. */
export async function spawnError(result: { cause?: unknown }, file: string, cwd: string): Promise<SpawnError> {
  const folder = await stat(cwd).catch(() => undefined);
  if (folder === undefined) return new SpawnError(`the working directory does not exist: ${cwd}`);
  if (!folder.isDirectory()) return new SpawnError(`the working directory is not a directory: ${cwd}`);
  const cause = result.cause as NodeJS.ErrnoException | undefined;
  switch (cause?.code) {
    case 'ENOENT':
      return new SpawnError(
        path.basename(file) === file
          ? `command not found: ${file} (no such program on the step's PATH)`
          : `command not found: ${file}`,
      );
    case 'EACCES':
      return new SpawnError(`permission denied: ${file} is not executable, or ${cwd} cannot be entered`);
    case 'E2BIG':
      return new SpawnError('the arguments and environment are too large for the system; pass data by stdin or a file');
    default:
      return new SpawnError(`cannot start ${file}: ${cause?.message ?? 'unknown error'}`);
  }
}
