import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own folder; this module lies two folders below it, compiled or not. */
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

/** The program of a worker, and everything that it is made of. */
export interface WorkerProgram {
  entry: string;
  /** Changes with the program. */
  buildId: string;
}

/** The worker that belongs to this orch, or another one's entry file. */
export function workerProgram(entry?: string): WorkerProgram {
  const dist = join(PACKAGE, 'dist');
  return entry
    ? { entry, buildId: idOf(entry) }
    : { entry: join(PACKAGE, 'bin', 'worker.js'), buildId: idOf(join(dist, 'build-id')) };
}

/** The command line that calls this orch. */
export function orchCommand(): string[] {
  return [process.execPath, join(PACKAGE, 'bin', 'orch.js')];
}

/** This orch's version. */
export function orchVersion(): string {
  return (JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string }).version;
}

/**
 * Of what a file says, and Node. The build writes down what the program is, so that no command has to look at all of it; a build
 * of the same code has the same id, wherever it is.
 */
function idOf(file: string): string {
  const said = existsSync(file) ? readFileSync(file) : '';
  return createHash('sha256').update(process.version).update(said).digest('hex').slice(0, 16);
}
