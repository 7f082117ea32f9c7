import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { runGit, topOf, type GitEnd } from '../../agents/index.js';
import { readIgnored, sortDirty, type DirtyFile, type Sorted } from '../../loop/publish-rules.js';
import { pull } from './pull.js';
import { must, tryGit } from './try-git.js';
import type { GitSettings } from '../../loop/types.js';
import { TurnRefused } from './turn-failure.js';

const PUSH_MS = 120_000;
/** Commits among which one of a turn is looked for: later ones are of other turns. */
const LOOK_BACK = 1_000;
const IGNORE_FILE = '.reportsignore';
/** Files that an error names. */
const NAMED = 10;

/** The clone that a loop works in, on the one branch that it may touch. */
export interface Repository {
  top: string;
  /** The folder of the configuration, counted from the top, with `/` at its end; empty for the top itself. */
  below: string;
  branch: string;
  /** Absent where there is none, and that is allowed: then nothing is pulled, and nothing pushed. */
  remote?: string;
}

/**
 * Finds the clone, and makes it ready: a rebase that somebody's end has left in progress is given up.
 *
 * @throws TurnRefused where it is none, or on another branch
 */
export async function openRepository(
  dir: string,
  { remote, branch: wanted }: GitSettings,
  mayBeLocal = false,
): Promise<Repository> {
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
  const branch = await refuseOtherBranch(top, wanted);
  const isLocal = mayBeLocal && (await runGit(top, ['remote', 'get-url', remote])).failed;
  const below = path.relative(top, realpathSync(dir)).split(path.sep).join('/');
  return { top, below: below === '' ? '' : `${below}/`, branch, ...(isLocal ? {} : { remote }) };
}

/** @throws TurnRefused where another branch than the one that is wanted is checked out, or none */
export async function refuseOtherBranch(dir: string, wanted: string | undefined): Promise<string> {
  const { failed, stdout } = await runGit(dir, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  const branch = stdout.trim();
  if (failed || branch === '') throw new TurnRefused('git_branch', `${dir} is not on a branch; check one out`);
  if (wanted === undefined || branch === wanted) return branch;
  const message = `${dir} is on the branch ${branch}, but the loop works only on ${wanted}: git switch ${wanted}`;
  throw new TurnRefused('git_branch', message);
}

/** Dirty files, sorted into what is committed and what is left alone. Rules count from the folder of the configuration. */
export async function sortTree(
  { top, below }: Repository,
  { rules, force_add_reports: force }: GitSettings,
): Promise<Sorted> {
  const status = await must(top, ['status', '--porcelain=v1', '-z', '--untracked-files=all', '--no-renames']);
  const about = (name: string, tracked: boolean): DirtyFile => ({
    path: name,
    inside: name.startsWith(below) ? name.slice(below.length) : null,
    bytes: sizeOf(path.join(top, name)),
    tracked,
  });
  const files = namesIn(status).map((entry) => about(entry.slice(3), !entry.startsWith('??')));
  const hidden = force === true ? await ignoredReports(top, below, rules.reports.globs) : [];
  const ignore = path.join(top, below, IGNORE_FILE);
  const left = existsSync(ignore) ? readIgnored(readFileSync(ignore, 'utf8')) : [];
  return sortDirty(
    [...files, ...hidden.map((name) => ({ ...about(name, false), hidden: true as const }))],
    rules,
    left,
  );
}

/** Files that git is told to pass over, as far as they may be reports: of all of them there may be a million. */
async function ignoredReports(top: string, below: string, globs: readonly string[]): Promise<string[]> {
  const where = globs.map((glob) => `:(top,glob)${below}${glob}`);
  if (where.length === 0) return [];
  const listed = await must(top, ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--', ...where]);
  return namesIn(listed);
}

function namesIn(listed: string): string[] {
  return listed.split('\0').filter((entry) => entry !== '');
}

/** @throws TurnRefused where files are dirty that no rule covers, and somebody else would miss them */
export function refuseLeft({ top, remote }: Repository, { dirty }: GitSettings, { left }: Sorted): void {
  if (left.length === 0 || dirty === 'warn' || remote === undefined) return;
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

/** Sends the branch; where others were faster, once more after a pull. @returns whether there was anything to send */
export async function push(repository: Repository): Promise<boolean> {
  const { top, branch, remote } = repository;
  if (remote === undefined) return false;
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

function sizeOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
