import { statfsSync } from 'node:fs';
import { ServiceError, type ServiceErrorCode } from './errors.js';
import type { ServiceFiles } from './files.js';

/** Below it nothing can be started, and a process may not even have said so. Bytes. */
const NO_SPACE = 1024 * 1024;

/** What a server or worker that did not start has said, and what that comes to. */
const CAUSES: { said: RegExp; code: ServiceErrorCode }[] = [
  { said: /no space left|disk is full|disk quota|\bENOSPC\b|\bEDQUOT\b/i, code: 'disk_full' },
  { said: /too many open files|\bEMFILE\b|\bENFILE\b/i, code: 'too_many_open_files' },
  { said: /database is locked|SQLITE_BUSY/i, code: 'database_in_use' },
  {
    said: /file is not a database|disk image is malformed|no such table|SQLITE_(CORRUPT|NOTADB)/i,
    code: 'database_corrupt',
  },
];

interface Failure {
  /** `service_start_failed` or `worker_start_failed`, where nothing better is known. */
  code: ServiceErrorCode;
  /** What did not start, and how that was seen. */
  what: string;
  /** The end of what it said. */
  log: string[];
  /** Where all of it stands. */
  logFile: string;
}

/** The error of a process that did not start: what is wrong, and what to do about it. */
export function startFailure(files: ServiceFiles, { code, what, log, logFile }: Failure): ServiceError {
  const cause = causeOf(files, log) ?? code;
  const hint = hintOf(cause, files) ?? `its full log is ${logFile}`;
  return new ServiceError(cause, [what, ...log.map((line) => `  ${line}`)].join('\n'), hint);
}

function causeOf(files: ServiceFiles, log: string[]): ServiceErrorCode | undefined {
  const said = CAUSES.find((cause) => log.some((line) => cause.said.test(line)))?.code;
  return said ?? (freeSpace(files.dir) < NO_SPACE ? 'disk_full' : undefined);
}

function freeSpace(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function hintOf(code: ServiceErrorCode, files: ServiceFiles): string | undefined {
  switch (code) {
    case 'disk_full':
      return `free some space where ${files.state} is (orch prune), or set ORCH_STATE_DIR to another disk`;
    case 'too_many_open_files':
      return 'allow a process more open files: ulimit -n 4096';
    case 'database_in_use':
      return (
        `another server that cannot be seen from here has ${files.database} open, perhaps ` +
        `in another container or on another machine. Stop it there, or set ORCH_STATE_DIR to a folder that is not shared`
      );
    case 'database_corrupt':
      return (
        `restore ${files.database} from a backup, or abandon it: orch down, move temporal.db* out of ${files.dir}, ` +
        `orch up. Open runs are then lost; the records and logs of all runs stay`
      );
    default:
      return undefined;
  }
}
