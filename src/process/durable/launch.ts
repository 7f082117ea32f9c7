import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { spawnError } from '../spawn-error.js';
import { checkedCommand } from './command.js';
import { fileOf, writeOnce, type Generation } from './files.js';
import { formatHostId, hostId } from './host-id.js';
import { MARK_VARIABLE, type DurableSpec } from './types.js';
import { wrapperCall } from './wrapper.js';

/** What a launch needs of a spec. */
export type Command = Pick<DurableSpec, 'file' | 'args' | 'cwd' | 'env' | 'generationEnv' | 'stdin'>;

/** A wrapper that this process has started. It may yet lose the claim to another one. */
export interface Wrapper {
  readonly pid: number;
  /** How it ended; undefined while it runs. */
  readonly ended: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  /** Lets this process end while the wrapper runs. */
  unref(): void;
}

/**
 * Starts a wrapper for a generation, in a session of its own.
 *
 * @param onEnd told when the wrapper has ended.
 * @throws SpawnError where its command cannot be started.
 */
export async function launch(
  generation: Generation,
  mark: string,
  command: Command,
  onEnd: () => void,
): Promise<Wrapper> {
  const file = await checkedCommand(command.file, command.cwd, command.env);
  const claim = { dir: generation.dir, launchedAt: Date.now(), host: formatHostId(hostId()) };
  const { shell, args } = wrapperCall(claim, [file, ...command.args], command.env);
  const stdin = openStdin(generation, command.stdin);
  const stdout = openSync(fileOf(generation, 'stdout'), 'a', 0o600);
  const stderr = openSync(fileOf(generation, 'stderr'), 'a', 0o600);
  try {
    return await start(shell, args, {
      cwd: command.cwd,
      env: { ...command.env, ...command.generationEnv?.(generation.dir), [MARK_VARIABLE]: mark },
      stdio: [stdin, stdout, 'ignore', stderr],
      onEnd,
    });
  } catch (error) {
    throw await spawnError({ cause: error }, command.file, command.cwd);
  } finally {
    for (const fd of [stdin, stdout, stderr]) if (typeof fd === 'number') closeSync(fd);
  }
}

function openStdin(generation: Generation, stdin: string | undefined): number | 'ignore' {
  if (stdin === undefined) return 'ignore';
  const file = fileOf(generation, 'stdin');
  writeOnce(file, stdin);
  return openSync(file, 'r');
}

interface StartOptions {
  cwd: string;
  env: Record<string, string>;
  stdio: (number | 'ignore')[];
  onEnd: () => void;
}

function start(shell: string, args: string[], { onEnd, ...options }: StartOptions): Promise<Wrapper> {
  return new Promise((resolve, reject) => {
    const child = spawn(shell, args, { ...options, detached: true });
    let ended: Wrapper['ended'];
    child.once('error', reject); // E2BIG is thrown instead
    child.once('exit', (code, signal) => {
      ended = { code, signal };
      onEnd();
    });
    const { pid } = child;
    if (pid === undefined) return;
    resolve({
      pid,
      get ended() {
        return ended;
      },
      unref: () => child.unref(),
    });
  });
}
