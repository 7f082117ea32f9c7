import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StartedWrapper, WrapperEnd, WrapperRequest } from './start-wrapper.js';

/**
 * To start a process copies the page tables of this one, and blocks it meanwhile: 1 ms at 45 MB, 13 ms and more at 150 MB.
 * From this size on a small process does it instead.
 */
const LARGE_BYTES = 64 * 2 ** 20;
/** What the launcher throws away is collected before it is large: all that it holds is copied with each start. */
const SMALL = ['--max-semi-space-size=1'];
/** A launcher that has died is not replaced at once: what ended it may end the next one too. */
const RESTART_MS = 1000;

/** To the launcher. */
export interface LauncherRequest {
  id: number;
  request: WrapperRequest;
}

/** From the launcher. */
export type LauncherMessage =
  | { ready: true }
  | { id: number; pid: number }
  | { id: number; error: { message: string; code?: string; syscall?: string } }
  | { id: number; end: WrapperEnd };

/** What a launcher that dies leaves behind: nobody here will be told the end of the wrapper, nor whether it was started. */
export class LauncherGone extends Error {
  override readonly name = 'LauncherGone';
}

interface Waiter {
  resolve: (wrapper: StartedWrapper) => void;
  reject: (error: Error) => void;
  onEnd: (end: WrapperEnd | 'unknown') => void;
}

/**
 * A small process that starts wrappers for this one. It may die at any time: whatever has become of a request then, the
 * wrapper that claims the generation is the one that runs, and the wait goes on as for one that another worker started.
 */
export class Launcher {
  private isReady = false;
  private lastId = 0;
  private readonly starting = new Map<number, Waiter>();
  private readonly running = new Map<number, Waiter>();

  constructor(
    private readonly child: ChildProcess,
    onGone: () => void,
  ) {
    child.on('message', (message) => this.hear(message as LauncherMessage));
    child.once('error', () => {}); // it could not be started, which `exit` or nothing tells: then it is never ready
    child.once('exit', () => {
      onGone();
      this.giveUp();
    });
    child.unref();
    child.channel?.unref();
  }

  get ready(): boolean {
    return this.isReady && this.child.connected;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** @param onEnd told `unknown` where the launcher dies before the wrapper. */
  start(request: WrapperRequest, onEnd: Waiter['onEnd']): Promise<StartedWrapper> {
    return new Promise((resolve, reject) => {
      const id = (this.lastId += 1);
      this.starting.set(id, { resolve, reject, onEnd });
      this.child.channel?.ref(); // this process waits for the answer, and not for the wrapper
      this.child.send({ id, request } satisfies LauncherRequest, (error) => {
        if (error !== null) this.giveUp();
      });
    });
  }

  private hear(message: LauncherMessage): void {
    if ('ready' in message) {
      this.isReady = true;
      return;
    }
    const { id } = message;
    if ('end' in message) {
      const waiter = this.running.get(id);
      this.running.delete(id);
      waiter?.onEnd(message.end);
      return;
    }
    const waiter = this.starting.get(id);
    this.starting.delete(id);
    if (this.starting.size === 0) this.child.channel?.unref();
    if (waiter === undefined) return;
    if ('error' in message) {
      const { message: text, ...details } = message.error;
      waiter.reject(Object.assign(new Error(text), details));
      return;
    }
    this.running.set(id, waiter);
    waiter.resolve({ pid: message.pid, unref: () => {} });
  }

  private giveUp(): void {
    this.isReady = false;
    for (const waiter of this.starting.values()) waiter.reject(new LauncherGone('the launcher has ended'));
    for (const waiter of this.running.values()) waiter.onEnd('unknown');
    this.starting.clear();
    this.running.clear();
  }
}

let current: Launcher | undefined;
let notBefore = 0;

/** A launcher that is ready. Where one would pay and there is none, it is begun; nobody waits for it. */
export function readyLauncher(): Launcher | undefined {
  if (current === undefined && performance.now() >= notBefore && process.memoryUsage.rss() >= LARGE_BYTES) begin();
  return current?.ready ? current : undefined;
}

function begin(): void {
  notBefore = performance.now() + RESTART_MS;
  const entry = fileURLToPath(new URL('launcher-main.js', import.meta.url));
  if (!existsSync(entry)) return; // the sources are run without a build
  const child = fork(entry, [], {
    cwd: '/',
    env: {},
    execArgv: SMALL,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true,
  });
  const launcher = new Launcher(child, () => {
    if (current === launcher) current = undefined;
  });
  current = launcher;
}
