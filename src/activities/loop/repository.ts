import { existsSync, lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runGit, topOf, type GitEnd } from '../../agents/index.js';
import { readIgnored, sortDirty, type DirtyFile, type Sorted } from '../../loop/publish-rules.js';
import type { GitSettings } from '../../loop/types.js';
import { TurnRefused } from './turn-failure.js';

/** Milliseconds that a pull may take. */
const PULL_MS = 30_000;
const PUSH_MS = 120_000;
/** Milliseconds between two looks at a lock that another git holds, and how often. */
const LOCKED = { pauseMs: 250, tries: 40 };
/** Commits among which one of a turn is looked for: later ones are of other turns. */
const LOOK_BACK = 1_000;
const IGNORE_FILE = '.reportsignore';
/** Files that an error names. */
const NAMED = 10;

/** The clone that a loop works in, on the one branch that it may touch. */
export interface Repository {
  top: string;
  branch: string;
  remote: string;
}

/**
 * Finds the clone, and makes it ready: a rebase that somebody's end has left in progress is given up.
 *
 * @throws TurnRefused where it is none, or on another branch
 */
export async function openRepository(dir: string, { remote, branch: wanted }: GitSettings): Promise<Repository> {
  const top = await topOf(dir);
  if (top === undefined) {
    throw new TurnRefused('git_no_repository', `${dir} is not in a git repository; git.enabled needs one`);
  }
  const gitDir = (await must(top, ['rev-parse', '--absolute-git-dir'])).trim();
  if (['rebase-merge', 'rebase-apply'].some((name) => existsSync(path.join(gitDir, name)))) {
    await must(top, ['rebase', '--abort']);
  }
  if (existsSync(path.join(gitDir, 'MERGE_HEAD'))) {
    throw new TurnRefused(
      'git_merge_in_progress',
      `a merge is in progress in ${top}: commit it, or \`git merge --abort\``,
    );
  }
  const { failed, stdout } = await runGit(top, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  const branch = stdout.trim();
  if (failed || branch === '') throw new TurnRefused('git_branch', `${top} is not on a branch; check one out`);
  if (wanted !== undefined && branch !== wanted) {
    const message = `${top} is on the branch ${branch}, but the loop works only on ${wanted}: git switch ${wanted}`;
    throw new TurnRefused('git_branch', message);
  }
  return { top, branch, remote };
}

/** Dirty files, sorted into what is committed and what is left alone. */
export async function sortTree({ top }: Repository, { rules }: GitSettings): Promise<Sorted> {
  const status = await must(top, ['status', '--porcelain=v1', '-z', '--untracked-files=all', '--no-renames']);
  const files = status
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry): DirtyFile => {
      const name = entry.slice(3);
      return { path: name, bytes: sizeOf(path.join(top, name)), tracked: !entry.startsWith('??') };
    });
  const ignore = path.join(top, IGNORE_FILE);
  return sortDirty(files, rules, existsSync(ignore) ? readIgnored(readFileSync(ignore, 'utf8')) : []);
}

/** @throws TurnRefused where files are dirty that no rule covers, and that is not allowed */
export function refuseLeft({ top }: Repository, { dirty }: GitSettings, { left }: Sorted): void {
  if (left.length === 0 || dirty === 'warn') return;
  const named = left.slice(0, NAMED).map(({ path: name, why }) => `${name} (${why})`);
  const more = left.length > NAMED ? `, and ${left.length - NAMED} more` : '';
  const message = `no rule of the loop commits these uncommitted files in ${top}: ${named.join(', ')}${more}. Commit or remove them; \`git.dirty: warn\` leaves them alone`;
  throw new TurnRefused('git_dirty', message);
}

/** The commit that carries a trailer's value, if it was made already. */
export async function findCommit({ top }: Repository, trailer: string): Promise<string | undefined> {
  const format = '--format=%h%x09%(trailers:key=Orch-Run,valueonly,separator=%x2C)';
  const { failed, stdout } = await runGit(top, ['log', `-${LOOK_BACK}`, format]);
  if (failed) return undefined; // no commit yet
  const line = stdout.split('\n').find((each) => each.split('\t')[1]?.split(',').includes(trailer));
  return line?.split('\t')[0];
}

/** Commits these files and no others, whatever else is staged. */
export async function commitFiles(
  { top }: Repository,
  paths: readonly string[],
  subject: string,
  trailer: string,
): Promise<string> {
  const env = { GIT_LITERAL_PATHSPECS: '1' };
  const fromStdin = ['--pathspec-from-file=-', '--pathspec-file-nul'];
  // What is gone needs no adding, and git refuses to add what it has forgotten already.
  const there = paths.filter((name) => lstatSync(path.join(top, name), { throwIfNoEntry: false }) !== undefined);
  if (there.length > 0) {
    await must(top, ['add', '--all', '--force', ...fromStdin], { input: there.join('\0'), env });
  }
  const known = await runGit(top, ['config', 'user.email']);
  const identity = known.stdout.trim() === '' ? ['-c', 'user.name=orch', '-c', 'user.email=orch@localhost'] : [];
  const message = ['-m', subject, '-m', `Orch-Run: ${trailer}`];
  await must(top, [...identity, 'commit', '--quiet', '--no-verify', '--only', ...message, ...fromStdin], {
    input: paths.join('\0'),
    env,
  });
  return (await must(top, ['rev-parse', '--short', 'HEAD'])).trim();
}

/**
 * Takes over what others have pushed: by a rebase, where that does not go by a merge.
 *
 * @throws TurnRefused with what stands in the way; the tree is then as it was
 */
export async function pull(repository: Repository): Promise<void> {
  const { top, branch, remote } = repository;
  const there = await runGit(top, ['ls-remote', '--exit-code', '--heads', remote, `refs/heads/${branch}`], {
    timeoutMs: PULL_MS,
  });
  if (there.exitCode === 2) return; // nobody has pushed it yet
  if (there.failed) throw new TurnRefused('git_unreachable', `the remote ${remote} cannot be reached: ${there.said}`);
  const rebased = await tryGit(top, ['pull', '--rebase', '--autostash', '--quiet', remote, branch], PULL_MS);
  if (!rebased.failed) return;
  refuseCollision(rebased);
  await abort(top, 'rebase');
  const merged = await tryGit(
    top,
    ['pull', '--no-rebase', '--no-edit', '--autostash', '--quiet', remote, branch],
    PULL_MS,
  );
  if (!merged.failed) return;
  refuseCollision(merged);
  const conflicts = (await runGit(top, ['diff', '--name-only', '--diff-filter=U'])).stdout.trim().split('\n');
  await abort(top, 'merge');
  if (conflicts[0] !== '') {
    const message = `${remote}/${branch} and this clone have both changed ${conflicts.join(', ')}: merge them by hand`;
    throw new TurnRefused('git_conflict', message);
  }
  throw new TurnRefused('git_pull_failed', `git pull: ${merged.timedOut ? 'it took too long' : merged.said}`);
}

/** Sends the branch; where others were faster, once more after a pull. @returns whether there was anything to send */
export async function push(repository: Repository): Promise<boolean> {
  const { top, branch, remote } = repository;
  const send = (): Promise<GitEnd> =>
    tryGit(top, ['push', '--porcelain', remote, `HEAD:refs/heads/${branch}`], PUSH_MS);
  let end = await send();
  if (end.failed && isRejected(end)) {
    await pull(repository);
    end = await send();
    if (end.failed && isRejected(end)) {
      const message = `${remote} rejected ${branch} twice, even after a pull: ${reasonOf(end)}`;
      throw new TurnRefused('git_push_rejected', message);
    }
  }
  if (end.failed) {
    const message = `git push ${remote} HEAD:refs/heads/${branch}: ${end.timedOut ? 'it took too long' : reasonOf(end)}`;
    throw new TurnRefused('git_push_failed', message);
  }
  return !/^=\t/m.test(end.stdout);
}

function isRejected({ stdout }: GitEnd): boolean {
  return /^!\t.*\[(?:remote )?rejected\]/m.test(stdout);
}

function reasonOf({ stdout, said }: GitEnd): string {
  return /^!\t\S+\t(.*)$/m.exec(stdout)?.[1] ?? said;
}

function refuseCollision({ stderr }: GitEnd): void {
  const found = /untracked working tree files would be (?:overwritten|removed)[^\n]*\n((?:\t[^\n]*\n)+)/.exec(stderr);
  if (found === null) return;
  const files = found[1]!
    .trim()
    .split(/\n\t?/)
    .map((name) => name.trim());
  const message = `a pull would overwrite untracked files: ${files.join(', ')}. Move or remove them`;
  throw new TurnRefused('git_untracked_collision', message);
}

async function abort(top: string, what: 'rebase' | 'merge'): Promise<void> {
  await runGit(top, [what, '--abort']); // where none was begun, there is nothing to give up
}

/** Another git, of an attempt before this one or of a person, may hold the index for a moment. */
async function tryGit(
  top: string,
  args: readonly string[],
  timeoutMs?: number,
  options: Parameters<typeof runGit>[2] = {},
): Promise<GitEnd> {
  for (let tried = 1; ; tried += 1) {
    const end = await runGit(top, args, { ...options, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    if (!end.failed || tried >= LOCKED.tries || !/\.lock': File exists|cannot lock ref/.test(end.stderr)) return end;
    await sleep(LOCKED.pauseMs);
  }
}

async function must(top: string, args: readonly string[], options: Parameters<typeof runGit>[2] = {}): Promise<string> {
  const end = await tryGit(top, args, undefined, options);
  if (!end.failed) return end.stdout;
  const locked = /Unable to create '([^']*\.lock)'/.exec(end.stderr)?.[1];
  if (locked !== undefined) {
    const message = `another git process holds ${locked}; if none is running, remove that file`;
    throw new TurnRefused('git_locked', message);
  }
  throw new TurnRefused('git_failed', `git ${args.find((each) => !each.startsWith('-')) ?? ''}: ${end.said}`);
}

function sizeOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
