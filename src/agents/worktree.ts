import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { git, GitError, runGit, topOf } from './git.js';

/** A step's own worktree. */
interface NewWorktree {
  dir: string;
  branch: string;
  /** The commit that a new branch begins at. Default: HEAD. */
  base?: string;
  /** Checks its submodules out, too. */
  submodules?: boolean;
}

/**
 * Makes a worktree with a branch of its own, or finds it where it was made before.
 *
 * @param wanted `dir` is where it is to be
 * @throws GitError where git refuses it: outside of a repository, or where the branch is in use elsewhere
 */
export async function makeWorktree(
  repository: string,
  { dir, branch, base = 'HEAD', submodules }: NewWorktree,
): Promise<void> {
  const top = await topOf(repository);
  if (top === undefined)
    throw new GitError(`worktree: ${repository} is not in a git repository, which a worktree needs`);
  await git(top, ['check-ref-format', '--branch', branch]);
  if (!(await isTopOfTree(dir))) {
    mkdirSync(path.dirname(dir), { recursive: true, mode: 0o700 });
    await git(top, ['worktree', 'prune']);
    const made = (await isBranch(top, branch))
      ? ['--', dir, branch]
      : ['-b', branch, '--', dir, await commitOf(top, base)];
    await git(top, ['worktree', 'add', ...made]);
  }
  if (submodules === true) await git(dir, ['submodule', 'update', '--init', '--recursive']);
}

async function isBranch(top: string, branch: string): Promise<boolean> {
  const found = await runGit(top, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]);
  return !found.failed;
}

async function commitOf(top: string, base: string): Promise<string> {
  const found = await runGit(top, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${base}^{commit}`]);
  if (!found.failed) return found.stdout.trim();
  const missing = base === 'HEAD' ? 'the repository has no commit to begin at yet' : `there is no commit '${base}'`;
  throw new GitError(`worktree: ${missing}`);
}

/** A branch that can be made: where one is named as the first part of its name, git has no room for others below it. */
export async function freeBranch(repository: string, branch: string): Promise<string> {
  const top = await topOf(repository);
  const [first = '', ...rest] = branch.split('/');
  if (top === undefined || rest.length === 0) return branch;
  for (let name = first; ; name += '-runs') {
    if (!(await isBranch(top, name))) return [name, ...rest].join('/');
  }
}

/** What is to be committed for an agent. */
export interface LeftWork {
  message: string;
  /** The branch that is to have the work; absent for runs of versions that did not say it. */
  branch?: string;
  /** Signs the commit, as git is configured. */
  sign?: boolean;
  /** How long the commit may take. Default: a minute. */
  timeoutMs?: number;
}

/**
 * Commits what an agent has left uncommitted in its own worktree, so that its branch has all of its work. Does nothing
 * where there is nothing.
 *
 * @returns why the branch lacks work, where it does; then nothing was committed
 */
export async function commitAll(top: string, work: LeftWork): Promise<string | undefined> {
  const { branch } = work;
  const elsewhere = branch === undefined ? undefined : await whyElsewhere(top, branch);
  if (elsewhere !== undefined) return elsewhere;
  const conflict = await whyUnmerged(top);
  if (conflict !== undefined) return conflict;
  await git(top, ['add', '--all', '.']);
  const staged = await runGit(top, ['diff', '--cached', '--quiet']);
  if (staged.failed || (await isMerging(top))) await commit(top, work);
  const left = await dirtyFiles(top);
  return left.length === 0 ? undefined : `${counted(left.length)} not committed: ${listed(left)}`;
}

/** An agent that has left its branch may have left its work, too. */
async function whyElsewhere(top: string, branch: string): Promise<string | undefined> {
  const at = (await runGit(top, ['symbolic-ref', '--quiet', 'HEAD'])).stdout.trim();
  if (at === `refs/heads/${branch}`) return undefined;
  const where = at === '' ? 'a commit without a branch' : `the branch '${at.replace(/^refs\/heads\//, '')}'`;
  const held = await runGit(top, ['merge-base', '--is-ancestor', 'HEAD', `refs/heads/${branch}`]);
  const dirty = await isDirty(top);
  if (!held.failed && !dirty) return undefined;
  return `the agent has left its branch '${branch}' for ${where}, and what is there is not on it`;
}

/** Files with two versions in them are nobody's work; also where the agent has told git that it is done with them. */
async function whyUnmerged(top: string): Promise<string | undefined> {
  const unmerged = (await git(top, ['diff', '--name-only', '--diff-filter=U']))
    .split('\n')
    .filter((file) => file !== '');
  if (unmerged.length > 0) return `${counted(unmerged.length)} unmerged: ${listed(unmerged)}`;
  if (!(await isMerging(top))) return undefined;
  const checked = await runGit(top, ['diff', '--check', 'HEAD']);
  const marked = [...checked.stdout.matchAll(/^(.+):\d+: leftover conflict marker$/gm)].map(([, file]) => file!);
  if (marked.length === 0) return undefined;
  const files = [...new Set(marked)];
  return `${counted(files.length)} full of conflict markers: ${listed(files)}`;
}

async function isMerging(top: string): Promise<boolean> {
  return !(await runGit(top, ['rev-parse', '--quiet', '--verify', 'MERGE_HEAD'])).failed;
}

async function isDirty(top: string): Promise<boolean> {
  return (await dirtyFiles(top)).length > 0;
}

async function dirtyFiles(top: string): Promise<string[]> {
  const lines = (await git(top, ['status', '--porcelain'])).split('\n').filter((line) => line !== '');
  return lines.map((line) => line.slice(3));
}

/** @throws GitError where it is not made, or not in time: a signature may wait for a person. */
async function commit(top: string, { message, sign = false, timeoutMs = COMMIT_MS }: LeftWork): Promise<void> {
  const file = path.join(os.tmpdir(), `orch-message-${randomUUID()}`);
  writeFileSync(file, message, { mode: 0o600 });
  try {
    const identity = (await git(top, ['config', 'user.email']).catch(() => '')).trim() === '' ? NOBODY : [];
    const signed = sign ? '--gpg-sign' : '--no-gpg-sign';
    const args = [...identity, 'commit', '--quiet', '--no-verify', signed, '--file', file];
    const { failed, timedOut, said } = await runGit(top, args, { timeoutMs });
    if (timedOut) throw new GitError(`git commit: it took longer than ${timeoutMs / 1000} s and was stopped`);
    if (failed) throw new GitError(`git commit: ${said}`);
  } finally {
    rmSync(file, { force: true });
  }
}

const COMMIT_MS = 60_000;
const NOBODY = ['-c', 'user.name=orch', '-c', 'user.email=orch@localhost'];

function counted(files: number): string {
  return `${files} ${files === 1 ? 'file is' : 'files are'}`;
}

function listed(files: readonly string[]): string {
  const shown = files.slice(0, MAX_NAMED).join(', ');
  return files.length > MAX_NAMED ? `${shown} and ${files.length - MAX_NAMED} more` : shown;
}

const MAX_NAMED = 5;

/** Whether a folder is the top of a worktree, whatever symbolic links lead to it. */
async function isTopOfTree(dir: string): Promise<boolean> {
  const top = await topOf(dir);
  return top !== undefined && realpathSync(top) === realpathSync(dir);
}

/**
 * The worktree that a folder is in, where it is one of those below `home`. What a tree was may have become a plain
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
 * Why a worktree is not to be removed; undefined where all that is in it is committed, and to be found again.
 *
 * @param top the top of a tree, as {@link worktreeOf} gives it
 */
export async function whyTreeStays(top: string): Promise<string | undefined> {
  const dirty = (await dirtyFiles(top)).length;
  if (dirty > 0) return `${counted(dirty)} not committed`;
  const lost = await lostSubmodule(top);
  if (lost !== undefined) return `the submodule ${lost} has commits that are nowhere else`;
  const branch = await git(top, ['symbolic-ref', '--quiet', 'HEAD']).catch(() => '');
  if (branch !== '') return undefined;
  const found = await git(top, ['for-each-ref', '--count=1', '--contains', 'HEAD', 'refs/heads', 'refs/tags']);
  return found === '' ? 'its commits are not on any branch' : undefined;
}

/** Submodules that are checked out, by their paths in the tree. */
async function submodulesOf(top: string): Promise<string[]> {
  if (!existsSync(path.join(top, '.gitmodules'))) return [];
  const { stdout } = await runGit(top, ['submodule', 'status', '--recursive']);
  return [...stdout.matchAll(/^[ +U][0-9a-f]{40,64} (.+?)(?: \(.*\))?$/gm)].map(([, file]) => file!);
}

/** The repositories of a tree's submodules go with it: a commit that no remote has would be lost. */
async function lostSubmodule(top: string): Promise<string | undefined> {
  for (const name of await submodulesOf(top)) {
    const { stdout } = await runGit(path.join(top, name), ['branch', '--remotes', '--contains', 'HEAD']);
    if (stdout.trim() === '') return name;
  }
  return undefined;
}

/**
 * Removes a worktree, unless something in it is not committed, or would not be found again. What git ignores goes
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
    // Without --force git refuses what would lose work. It also refuses all submodules, and these have been looked at.
    const force = (await submodulesOf(top)).length > 0 ? ['--force'] : [];
    await git(path.dirname(common), ['--git-dir', common, 'worktree', 'remove', ...force, '--', top]);
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
