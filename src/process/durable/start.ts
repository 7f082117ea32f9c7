import { LauncherGone, readyLauncher } from './launcher.js';
import { startWrapper, type StartedWrapper, type WrapperEnd, type WrapperRequest } from './start-wrapper.js';

/** Starts a wrapper by the launcher, where there is one. Where it dies meanwhile a second wrapper is started. */
export async function startAnywhere(
  request: WrapperRequest,
  onEnd: (end: WrapperEnd | 'unknown') => void,
): Promise<StartedWrapper> {
  const launcher = readyLauncher();
  if (launcher === undefined) return startWrapper(request, onEnd);
  try {
    return await launcher.start(request, onEnd);
  } catch (error) {
    if (!(error instanceof LauncherGone)) throw error;
    return startWrapper(request, onEnd);
  }
}

/** Calls a line of shell in the background; nobody waits for it. */
export function startHelper(script: string, args: readonly string[], onEnd: (succeeded: boolean) => void): void {
  const request = { shell: '/bin/sh', args: ['-c', script, 'orch-helper', ...args], cwd: '/', env: {} };
  const files = { stdoutFile: '/dev/null', stderrFile: '/dev/null' };
  startAnywhere({ ...request, ...files }, (end) => onEnd(end !== 'unknown' && end.code === 0)).then(
    ({ unref }) => unref(),
    () => onEnd(false),
  );
}
