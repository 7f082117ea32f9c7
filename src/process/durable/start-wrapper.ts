import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { withoutInherited } from '../../host/inherited-fds.js';

/** All that it takes to start a wrapper, in words: another process may do it. */
export interface WrapperRequest {
  shell: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  /** Absent means an empty stdin. */
  stdinFile?: string;
  stdoutFile: string;
  stderrFile: string;
}

export interface WrapperEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A wrapper that runs, in a session of its own. */
export interface StartedWrapper {
  pid: number;
  /** Lets this process end while the wrapper runs. */
  unref: () => void;
}

/** Starts a wrapper. Its streams are files: no byte of them passes through this process. */
export function startWrapper(request: WrapperRequest, onEnd: (end: WrapperEnd) => void): Promise<StartedWrapper> {
  const { shell, args, cwd, env, stdinFile, stdoutFile, stderrFile } = request;
  const fds: number[] = [];
  const open = (file: string, flags: 'r' | 'a'): number => {
    const fd = openSync(file, flags, 0o600);
    fds.push(fd);
    return fd;
  };
  let closeNothing = (): void => {};
  return new Promise<StartedWrapper>((resolve, reject) => {
    const stdin = stdinFile === undefined ? 'ignore' : open(stdinFile, 'r');
    const own = [stdin, open(stdoutFile, 'a'), 'ignore', open(stderrFile, 'a')] as const;
    const { stdio, close } = withoutInherited(own);
    closeNothing = close;
    const child = spawn(shell, args, { cwd, env, stdio, detached: true });
    child.once('error', reject); // other reasons are thrown, E2BIG for one
    child.once('exit', (code, signal) => onEnd({ code, signal }));
    if (child.pid !== undefined) resolve({ pid: child.pid, unref: () => child.unref() });
  }).finally(() => {
    fds.forEach((fd) => closeSync(fd));
    closeNothing();
  });
}
