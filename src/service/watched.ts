import { rmSync } from 'node:fs';
import type { ProcessIdentity } from '../host/process-identity.js';
import { replaceFileSync } from '../host/atomic-file.js';
import type { ServiceFiles } from './files.js';

/** Writes down for the watcher, in a line that a shell can read, which processes it is to find alive. */
export function writeWatched(files: ServiceFiles, server: ProcessIdentity, worker: ProcessIdentity): void {
  const words = [server.pid, startOf(server), worker.pid, startOf(worker)];
  replaceFileSync(files.watched, `${words.join(' ')}\n`);
}

/** What the watcher reads, and must not take for that of a later service. */
export function removeWatched(files: ServiceFiles): void {
  for (const path of [files.watched, files.workerBeat]) rmSync(path, { force: true });
}

/** Linux tells a start as `<boot>-<ticks>`, of which a shell sees the ticks. Elsewhere the watcher goes by the pid alone. */
function startOf({ start_time }: ProcessIdentity): string {
  return /-(\d+)$/.exec(start_time)?.[1] ?? '0';
}
