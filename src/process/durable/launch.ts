import { spawnError } from '../spawn-error.js';
import { checkedCommand } from './command.js';
import { placeFifo } from './fifo-pool.js';
import { fileOf, type Generation } from './files.js';
import { createFileOnce } from '../../host/atomic-file.js';
import { formatHostId, hostId } from '../../host/host-id.js';
import type { StartedWrapper, WrapperEnd, WrapperRequest } from './start-wrapper.js';
import { startAnywhere } from './start.js';
import { MARK_VARIABLE, type DurableSpec } from './types.js';
import { wrapperCall } from './wrapper.js';

/** What a launch needs of a spec. */
export type Command = Pick<DurableSpec, 'file' | 'args' | 'cwd' | 'env' | 'generationEnv' | 'stdin'>;

/** A wrapper that this process has started. It may yet lose the claim to another one. */
export interface Wrapper extends StartedWrapper {
  /** How it ended; undefined while it runs, `unknown` where that will not be told. */
  readonly ended: WrapperEnd | 'unknown' | undefined;
}

/**
 * Starts a wrapper for a generation, in a session of its own.
 *
 * @param onEnd told when the wrapper has ended, or when that will not be told.
 * @throws SpawnError where its command cannot be started.
 */
export async function launch(
  generation: Generation,
  mark: string,
  command: Command,
  onEnd: () => void,
): Promise<Wrapper> {
  const request = await wrapperRequest(generation, mark, command);
  placeFifo(generation);
  let ended: Wrapper['ended'];
  const onWrapperEnd = (end: WrapperEnd | 'unknown'): void => {
    ended = end;
    onEnd();
  };
  try {
    const { pid, unref } = await startAnywhere(request, onWrapperEnd);
    return {
      pid,
      unref,
      get ended() {
        return ended;
      },
    };
  } catch (error) {
    if (!isSpawnFailure(error)) throw error;
    throw await spawnError({ cause: error }, command);
  }
}

async function wrapperRequest(generation: Generation, mark: string, command: Command): Promise<WrapperRequest> {
  const file = await checkedCommand(command.file, command.cwd, command.env);
  const claim = { dir: generation.dir, launchedAt: Date.now(), host: formatHostId(hostId()) };
  const stdinFile = fileOf(generation, 'stdin');
  if (command.stdin !== undefined) createFileOnce(stdinFile, command.stdin);
  return {
    ...wrapperCall(claim, [file, ...command.args], command.env),
    cwd: command.cwd,
    env: { ...command.env, ...command.generationEnv?.(generation.dir), [MARK_VARIABLE]: mark },
    ...(command.stdin === undefined ? {} : { stdinFile }),
    stdoutFile: fileOf(generation, 'stdout'),
    stderrFile: fileOf(generation, 'stderr'),
  };
}

function isSpawnFailure(error: unknown): boolean {
  return ((error as NodeJS.ErrnoException).syscall ?? '').startsWith('spawn');
}
