import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { cutDiff } from './cut-diff.js';
import { withoutCallVariables } from '../host/lasting-variables.js';
import { defined } from '../basics/defined.js';

/** A git command that failed. */
export class GitError extends Error {
  override name = 'GitError';
}

/** Output above this is cut. */
const MAX_BUFFER = 32 * 1024 * 1024;

/** How a git command ended. */
export interface GitEnd {
  failed: boolean;
  /** True where it took too long, and was ended. */
  timedOut: boolean;
  exitCode?: number;
  stdout: string;
  stderr: string;
  /** What to say of a failure: its last line, or why it could not be run. */
  said: string;
}

interface GitOptions {
  env?: Record<string, string>;
  input?: string;
  /** Milliseconds; absent means no limit. */
  timeoutMs?: number;
}

/** Runs git in a folder, without a person to ask and without the caller's own repository variables. Never throws. */
export async function runGit(cwd: string, args: readonly string[], options: GitOptions = {}): Promise<GitEnd> {
  const running = execa('git', args, {
    cwd,
    env: { ...withoutCallVariables(process.env), GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', ...options.env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: MAX_BUFFER,
    // In a group of its own: what git has called (ssh, gpg, a hook) goes with it when its time is up.
    detached: options.timeoutMs !== undefined,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
  });
  let timedOut = false;
  const stop = (): void => {
    timedOut = true;
    if (!endGroup(running.pid)) running.kill('SIGKILL');
  };
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(stop, options.timeoutMs);
  const { stdout, exitCode, stderr, failed, message } = await running;
  clearTimeout(timer);
  const last = stderr?.trim().split('\n').at(-1);
  return {
    failed,
    timedOut,
    ...defined({ exitCode }),
    stdout: stdout ?? '',
    stderr: stderr ?? '',
    said: last || (exitCode === undefined ? (message ?? 'it could not be run') : `it exited with code ${exitCode}`),
  };
}

/** @returns whether there was such a group, as Windows has none */
function endGroup(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(-pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** The same, for what must go well. @throws GitError */
export async function git(cwd: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const { failed, stdout, said } = await runGit(cwd, args, options);
  if (failed) throw new GitError(`git ${args[0]}: ${said}`);
  return stdout;
}

/** The top of the worktree that a folder is in; undefined where it is in none. */
export async function topOf(cwd: string): Promise<string | undefined> {
  try {
    return (await git(cwd, ['rev-parse', '--show-toplevel'])).trimEnd();
  } catch {
    return undefined;
  }
}

/**
 * The state of a worktree as the id of a git tree: tracked and untracked files, ignored ones not. Neither the index
 * nor any branch is touched.
 *
 * @returns undefined outside of a repository
 */
export async function treeState(cwd: string): Promise<string | undefined> {
  const top = await topOf(cwd);
  if (top === undefined) return undefined;
  const index = path.join(os.tmpdir(), `orch-index-${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await git(top, ['read-tree', 'HEAD'], { env }).catch(() => ''); // a repository without a commit
    await git(top, ['add', '--all', '.'], { env });
    return (await git(top, ['write-tree'], { env })).trim();
  } catch {
    return undefined;
  } finally {
    rmSync(index, { force: true });
    rmSync(`${index}.lock`, { force: true });
  }
}

/** The change of a worktree since a state of it, at most so many lines besides the list of its files. */
export async function diffSince(
  cwd: string,
  since: string,
  maxLines: number,
): Promise<{ diff: string; cut: number } | undefined> {
  const whole = await changeSince(cwd, since);
  return whole === undefined ? undefined : cutDiff(whole, maxLines);
}

/** The whole change of a worktree since a state of it; undefined where that is not known. */
export async function changeSince(cwd: string, since: string): Promise<string | undefined> {
  const now = await treeState(cwd);
  const top = await topOf(cwd);
  if (now === undefined || top === undefined) return undefined;
  return git(top, ['diff', '--no-color', '--no-ext-diff', since, now]).catch(() => undefined);
}
