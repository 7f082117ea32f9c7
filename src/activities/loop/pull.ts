import { runGit, type GitEnd } from '../../agents/index.js';
import { TurnRefused } from './turn-failure.js';
import { must, tryGit } from './try-git.js';

/** Milliseconds that a pull may take. */
const PULL_MS = 30_000;

interface Pulled {
  top: string;
  branch: string;
  /** Absent: there is nobody to pull from. */
  remote?: string;
}

/**
 * Takes over what others have pushed: by a rebase, where that does not go by a merge.
 *
 * @throws TurnRefused with what stands in the way; the tree is then as it was
 */
export async function pull(repository: Pulled): Promise<void> {
  const { top, branch, remote } = repository;
  if (remote === undefined) return;
  const there = await runGit(top, ['ls-remote', '--exit-code', '--heads', remote, `refs/heads/${branch}`], {
    timeoutMs: PULL_MS,
  });
  if (there.exitCode === 2) return; // nobody has pushed it yet
  if (there.failed) throw new TurnRefused('git_unreachable', `the remote ${remote} cannot be reached: ${there.said}`);
  const before = (await must(top, ['rev-parse', 'HEAD'])).trim();
  const rebased = await tryGit(top, ['pull', '--rebase', '--autostash', '--quiet', remote, branch], PULL_MS);
  if (!rebased.failed) return refuseUnmerged(repository, before);
  refuseCollision(rebased);
  await abort(top, 'rebase');
  const merged = await tryGit(
    top,
    ['pull', '--no-rebase', '--no-edit', '--autostash', '--quiet', remote, branch],
    PULL_MS,
  );
  if (!merged.failed) return refuseUnmerged(repository, before);
  refuseCollision(merged);
  const conflicts = await unmerged(top);
  await abort(top, 'merge');
  if (conflicts.length > 0) throw conflict(repository, conflicts);
  throw new TurnRefused('git_pull_failed', `git pull: ${merged.timedOut ? 'it took too long' : merged.said}`);
}

/**
 * What was uncommitted here is put aside for a pull and brought back after it. Where that meets what others have
 * changed, git calls the pull a success all the same, with conflict markers in the files: the pull is undone.
 */
async function refuseUnmerged(repository: Pulled, before: string): Promise<void> {
  const { top } = repository;
  const files = await unmerged(top);
  if (files.length === 0) return;
  // All that was uncommitted is in the stash, which git has kept, so nothing is lost by this.
  await must(top, ['reset', '--quiet', '--hard', before]);
  await must(top, ['stash', 'pop', '--quiet', '--index']);
  throw conflict(repository, files);
}

async function unmerged(top: string): Promise<string[]> {
  const { stdout } = await runGit(top, ['diff', '--name-only', '-z', '--diff-filter=U']);
  return stdout.split('\0').filter((name) => name !== '');
}

function conflict({ remote, branch }: Pulled, files: readonly string[]): TurnRefused {
  const message = `${remote}/${branch} and this clone have both changed ${files.join(', ')}: merge them by hand`;
  return new TurnRefused('git_conflict', message);
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
