import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
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
  if (entry) return { entry, buildId: buildId(entry) };
  const dist = join(PACKAGE, 'dist');
  return { entry: join(dist, 'service', 'worker-main.js'), buildId: buildId(dist) };
}

/** The command line that calls this orch. */
export function orchCommand(): string[] {
  return [process.execPath, join(PACKAGE, 'bin', 'orch.js')];
}

/** This orch's version. */
export function orchVersion(): string {
  return (JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string }).version;
}

/** From sizes and times of change: reading the files themselves would cost every command tens of milliseconds. */
function buildId(root: string): string {
  const hash = createHash('sha256').update(process.version);
  for (const path of programFiles(root)) {
    const stat = statSync(path, { throwIfNoEntry: false });
    hash.update(`\0${relative(root, path)}\0${stat?.size}\0${stat?.mtimeMs}`);
  }
  return hash.digest('hex').slice(0, 16);
}

function programFiles(root: string): string[] {
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) return [root];
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(js|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
