import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fileOf, type Generation } from './files.js';
import { hostId } from '../../host/host-id.js';
import { processStat, psStart } from '../../host/proc.js';
import type { Claim } from './record.js';

/** `unknown` only where another container on this kernel has claimed it and the FIFO cannot be read. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** Whether the wrapper that has claimed a generation still runs. */
export function livenessOf(generation: Generation, { pid, start, host }: Claim): Liveness {
  const here = hostId();
  if (host.boot !== here.boot) return 'dead'; // the folder is on this host's own disk, so the host has gone down since
  if (host.namespace !== here.namespace) return writerOf(fileOf(generation, 'alive'));
  return isSameProcess(pid, start) ? 'alive' : 'dead';
}

/** Whether a process is still the one that began at `start`; one that has ended and was not reaped is not. */
export function isSameProcess(pid: number, start: string): boolean {
  if (process.platform !== 'linux') return startByPs(pid) === start;
  const stat = processStat(pid);
  return stat !== undefined && stat.start === start && !stat.dead;
}

/** The start of a process as the wrapper wrote it down: in the time zone of this host, with single blanks. */
export function startByPs(pid: number): string | undefined {
  return psStart(pid)?.replaceAll(/\s+/g, ' ');
}

/** The kernel closes the wrapper's end of the FIFO whatever ends it: to read then gives the end of the file. */
function writerOf(fifo: string): Liveness {
  let fd: number | undefined;
  try {
    fd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(fd).isFIFO()) return 'unknown';
    return readSync(fd, Buffer.alloc(1)) === 0 ? 'dead' : 'alive';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 'alive' : 'unknown';
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
