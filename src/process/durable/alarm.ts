import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';

/** Wakes one waiter, by a call or by time. A call that nobody waits for is kept for the next one who does. */
export class Alarm {
  private wake: (() => void) | undefined;
  private rung = false;

  readonly ring = (): void => {
    this.rung = true;
    this.wake?.();
  };

  /** Resolves when it rings, after `ms` milliseconds at the latest. */
  async next(ms: number): Promise<void> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = undefined;
    }
    this.rung = false;
  }
}

/**
 * Calls `onEnd` when nobody holds a FIFO open for writing any more.
 *
 * @returns what ends the watch.
 */
export function watchFifo(fifo: string, onEnd: () => void): () => void {
  let fd: number;
  try {
    fd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return () => {}; // a file system without FIFOs: the poll sees the end
  }
  if (!fstatSync(fd).isFIFO()) {
    closeSync(fd);
    return () => {};
  }
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on('error', () => {}); // the poll sees the end
  socket.on('close', onEnd);
  socket.resume();
  return () => {
    socket.off('close', onEnd);
    socket.destroy();
  };
}
