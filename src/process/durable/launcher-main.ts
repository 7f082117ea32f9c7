// The launcher: a small process that starts wrappers for a large one, see launcher.ts. It ends with its worker, because
// only the channel to it keeps it alive; the wrappers have sessions of their own and go on.
import type { LauncherMessage, LauncherRequest } from './launcher.js';
import { startWrapper } from './start-wrapper.js';

const tell = (message: LauncherMessage): void => {
  if (process.connected) process.send!(message, () => {}); // the worker may be gone by now
};

async function serve({ id, request }: LauncherRequest): Promise<void> {
  try {
    const { pid, unref } = await startWrapper(request, (end) => tell({ id, end }));
    unref();
    tell({ id, pid });
  } catch (error) {
    const { message, code, syscall } = error as NodeJS.ErrnoException;
    tell({ id, error: { message, ...(code && { code }), ...(syscall && { syscall }) } });
  }
}

process.on('message', (message: LauncherRequest) => void serve(message));
tell({ ready: true });
