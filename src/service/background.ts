import { spawn } from 'node:child_process';
import { closeSync, fstatSync } from 'node:fs';
import { openLog } from './files.js';
import { withoutInherited } from '../host/inherited-fds.js';
import { identify, type ProcessIdentity } from '../host/process-identity.js';

export interface BackgroundSpec {
  file: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Where its output goes. */
  log: string;
}

/** A process that outlives the one that started it. */
export interface Background {
  identity: ProcessIdentity;
  /** Where its output begins in the log. Bytes. */
  logStart: number;
}

/** Starts a process in its own session, away from this terminal; rejects where it cannot be started. */
export async function startInBackground(spec: BackgroundSpec): Promise<Background> {
  const log = openLog(spec.log);
  const { stdio, close } = withoutInherited(['ignore', log, log] as const);
  try {
    const logStart = fstatSync(log).size;
    const child = spawn(spec.file, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      windowsHide: true,
      stdio,
    });
    // Taken at once: a process that ends soon would leave a pid that says nothing.
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
    return { identity: identity ?? { pid: child.pid ?? 0, start_time: 'ended' }, logStart };
  } finally {
    closeSync(log);
    close();
  }
}
