import { readFileSync } from 'node:fs';
import { ServiceError } from './errors.js';

/** The server has about fifty files open, a worker reads two hundred at its start; each step takes a few. */
const NEEDED = 256;

/**
 * Refuses to start processes that may have too few files open at once: how they fail then is a riddle. Told on Linux only;
 * elsewhere their own words have to do.
 *
 * @throws ServiceError `too_many_open_files`
 */
export function checkOpenFiles(): void {
  const allowed = allowedFiles();
  if (allowed === undefined || allowed >= NEEDED) return;
  throw new ServiceError(
    'too_many_open_files',
    `a process may open only ${allowed} files at once here, but the service needs ${NEEDED}`,
    'raise the limit and try again: ulimit -n 4096',
  );
}

function allowedFiles(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    // Node has raised it to the hard limit by now, also for the processes that it starts.
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
