import { statSync, type Stats } from 'node:fs';
import { serviceDir } from '../records/paths.js';
import { ServiceError } from './errors.js';

/**
 * Refuses a state folder that cannot be one, or that is somebody else's: what is in it says which processes are ended, which
 * commands are run again and which key is trusted. Root's is nobody else's: it may do all that anyway. One that is not there
 * yet is fine.
 *
 * @throws ServiceError `state_dir_unwritable`, `state_dir_foreign`
 */
export function checkStateDir(state: string): void {
  for (const path of [state, serviceDir(state)]) {
    const stat = lookAt(path);
    if (stat === undefined) return;
    if (!stat.isDirectory()) {
      throw new ServiceError(
        'state_dir_unwritable',
        `the state folder ${state} cannot be used: ${path} is a file`,
        'remove the file, or set ORCH_STATE_DIR to a folder',
      );
    }
    refuseForeign(state, path, stat.uid);
  }
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A file stands where a folder above it should be, or that may not be read; whoever opens it finds out.
    return undefined;
  }
}

function refuseForeign(state: string, path: string, owner: number): void {
  const self = process.getuid?.();
  if (self === undefined || owner === self || owner === 0) return;
  const who = self === 0 ? 'you are root' : `you are user ${self}`;
  throw new ServiceError(
    'state_dir_foreign',
    `the state folder ${state} is refused: ${path} belongs to user ${owner}, and ${who}`,
    'run orch as its owner, or set ORCH_STATE_DIR to a folder of your own',
  );
}
