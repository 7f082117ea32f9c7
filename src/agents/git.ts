import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';

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
  const { stdout, exitCode, stderr, failed, timedOut, message } = await execa('git', args, {
    cwd,
    env: { ...withoutGitVariables(), GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', ...options.env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: MAX_BUFFER,
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
  });
  const last = stderr?.trim().split('\n').at(-1);
  return {
    failed,
    timedOut,
    ...(exitCode === undefined ? {} : { exitCode }),
    stdout: stdout ?? '',
    stderr: stderr ?? '',
    said: last || (exitCode === undefined ? (message ?? 'it could not be run') : `it exited with code ${exitCode}`),
  };
}

/** The same, for what must go well. @throws GitError */
export async function git(cwd: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const { failed, stdout, said } = await runGit(cwd, args, options);
  if (failed) throw new GitError(`git ${args[0]}: ${said}`);
  return stdout;
}

/** A hook or another tool may have set them, for another repository. */
function withoutGitVariables(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|NAMESPACE)$/.test(entry[0]),
  );
  return Object.fromEntries(kept);
}

/** The top of the work tree that a folder is in; undefined where it is in none. */
export async function topOf(cwd: string): Promise<string | undefined> {
  try {
    return (await git(cwd, ['rev-parse', '--show-toplevel'])).trimEnd();
  } catch {
    return undefined;
  }
}

/**
 * The state of a work tree as the id of a git tree: tracked and untracked files, ignored ones not. Neither the index
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

/** The change of a work tree since a state of it, at most so many lines. */
export async function diffSince(
  cwd: string,
  since: string,
  maxLines: number,
): Promise<{ diff: string; cut: number } | undefined> {
  const now = await treeState(cwd);
  const top = await topOf(cwd);
  if (now === undefined || top === undefined) return undefined;
  const whole = await git(top, ['diff', '--no-color', '--no-ext-diff', since, now]).catch(() => undefined);
  if (whole === undefined) return undefined;
  const lines = whole.split('\n');
  return { diff: lines.slice(0, maxLines).join('\n'), cut: Math.max(0, lines.length - maxLines) };
}

/** A step's own work tree. */
export interface Worktree {
  dir: string;
  branch: string;
}

/**
 * Makes a work tree with a branch of its own, or finds it where it was made before.
 *
 * @param dir where it is to be
 * @throws GitError where git refuses it: outside of a repository, or where the branch is in use elsewhere
 */
export async function makeWorktree(
  repository: string,
  { dir, branch, base = 'HEAD' }: Worktree & { base?: string },
): Promise<void> {
  const top = await topOf(repository);
  if (top === undefined) throw new GitError(`worktree: ${repository} is not in a git repository`);
  await git(top, ['check-ref-format', '--branch', branch]);
  if (await isTopOfTree(dir)) return;
  mkdirSync(path.dirname(dir), { recursive: true, mode: 0o700 });
  await git(top, ['worktree', 'prune']);
  const known = await git(top, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]).catch(() => '');
  const made = known === '' ? ['-b', branch, '--', dir, await commitOf(top, base)] : ['--', dir, branch];
  await git(top, ['worktree', 'add', ...made]);
}

async function commitOf(top: string, base: string): Promise<string> {
  return (await git(top, ['rev-parse', '--verify', '--end-of-options', `${base}^{commit}`])).trim();
}

/**
 * Commits what an agent has left uncommitted in its own work tree, so that its branch has all of its work. Does nothing
 * where there is nothing.
 */
export async function commitAll(dir: string, message: string): Promise<void> {
  await git(dir, ['add', '--all', '.']);
  const dirty = await git(dir, ['status', '--porcelain']);
  if (dirty.trim() === '') return;
  const file = path.join(os.tmpdir(), `orch-message-${randomUUID()}`);
  writeFileSync(file, message, { mode: 0o600 });
  try {
    const identity = (await git(dir, ['config', 'user.email']).catch(() => '')).trim() === '' ? NOBODY : [];
    await git(dir, [...identity, 'commit', '--quiet', '--no-verify', '--file', file]);
  } finally {
    rmSync(file, { force: true });
  }
}

const NOBODY = ['-c', 'user.name=orch', '-c', 'user.email=orch@localhost'];

/** Whether a folder is the top of a work tree, whatever symbolic links lead to it. */
async function isTopOfTree(dir: string): Promise<boolean> {
  const top = await topOf(dir);
  return top !== undefined && realpathSync(top) === realpathSync(dir);
}

/**
 * The work tree that a folder is in, where it is one of those below `home`. What a tree was may have become a plain
 * folder of the repository round it, and nothing is to be done to that one.
 */
export async function worktreeOf(dir: string, home: string): Promise<string | undefined> {
  const top = await topOf(dir);
  if (top === undefined || !existsSync(home)) return undefined;
  const [commonDir, gitDir] = await Promise.all(['--git-common-dir', '--git-dir'].map((flag) => gitPath(top, flag)));
  const below = path.relative(realpathSync(home), realpathSync(top));
  const isInside = below !== '' && !below.startsWith('..') && !path.isAbsolute(below);
  return isInside && gitDir !== commonDir ? top : undefined;
}

async function gitPath(top: string, flag: string): Promise<string> {
  return (await git(top, ['rev-parse', '--path-format=absolute', flag])).trimEnd();
}

/**
 * Why a work tree is not to be removed; undefined where all that is in it is committed, and to be found again.
 *
 * @param top the top of a tree, as {@link worktreeOf} gives it
 */
export async function whyTreeStays(top: string): Promise<string | undefined> {
  const dirty = (await git(top, ['status', '--porcelain'])).split('\n').filter((line) => line !== '').length;
  if (dirty > 0) return `${dirty} ${dirty === 1 ? 'file is' : 'files are'} not committed`;
  const branch = await git(top, ['symbolic-ref', '--quiet', 'HEAD']).catch(() => '');
  if (branch !== '') return undefined;
  const found = await git(top, ['for-each-ref', '--count=1', '--contains', 'HEAD', 'refs/heads', 'refs/tags']);
  return found === '' ? 'its commits are not on any branch' : undefined;
}

/**
 * Removes a work tree, unless something in it is not committed, or would not be found again. What git ignores goes
 * with it.
 *
 * @param top the top of a tree, as {@link worktreeOf} gives it
 * @returns why it stays, where it does
 */
export async function removeWorktree(top: string): Promise<string | undefined> {
  try {
    const stays = await whyTreeStays(top);
    if (stays !== undefined) return stays;
    const common = await gitPath(top, '--git-common-dir');
    // Without --force: git refuses what would lose work.
    await git(path.dirname(common), ['--git-dir', common, 'worktree', 'remove', '--', top]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A branch for a step of a run: what git takes for a name, whatever the ids hold. */
export function branchOf(runId: string, stepId: string): string {
  return `orch/${refPart(runId)}/${refPart(stepId)}`;
}

function refPart(text: string): string {
  const plain = text.replaceAll(/[^A-Za-z0-9_.-]/g, '-').replaceAll(/\.{2,}/g, '.');
  return plain.replace(/^[.-]+/, '').replace(/(?:\.lock|\.)+$/, '') || 'x';
}
