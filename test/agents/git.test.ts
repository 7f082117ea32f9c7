import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  branchOf,
  commitAll,
  diffSince,
  GitError,
  makeWorktree,
  removeWorktree,
  treeState,
  whyTreeStays,
  worktreeOf,
} from '../../src/agents/index.js';
import { tempDir } from '../support/plans.js';

let repo: string;
const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: repo, encoding: 'utf8' });

beforeEach(() => {
  repo = path.join(tempDir(), 'repo');
  mkdirSync(repo);
  git('init', '-q', '-b', 'main');
  writeFileSync(path.join(repo, '.gitignore'), 'ignored\n');
  writeFileSync(path.join(repo, 'a.txt'), 'one\n');
  git('add', '.');
  git('commit', '-qm', 'first');
});

describe('the change since a state of a tree', () => {
  test('has what was changed, made and deleted, tracked or not, and nothing of what was there before', async () => {
    writeFileSync(path.join(repo, 'before.txt'), 'untracked before\n');
    const state = (await treeState(repo))!;
    writeFileSync(path.join(repo, 'a.txt'), 'two\n');
    writeFileSync(path.join(repo, 'new.txt'), 'new\n');
    writeFileSync(path.join(repo, 'ignored'), 'x\n');
    rmSync(path.join(repo, 'before.txt'));
    const { diff, cut } = (await diffSince(repo, state, 1000))!;
    expect(diff.match(/^diff --git .*$/gm)).toEqual([
      'diff --git a/a.txt b/a.txt',
      'diff --git a/before.txt b/before.txt',
      'diff --git a/new.txt b/new.txt',
    ]);
    expect(cut).toBe(0);
    expect((await diffSince(repo, state, 3))!.cut).toBeGreaterThan(3);
  });

  test('touches neither the index nor the tree', async () => {
    writeFileSync(path.join(repo, 'a.txt'), 'two\n');
    writeFileSync(path.join(repo, 'new.txt'), 'new\n');
    const before = git('status', '--porcelain');
    await diffSince(repo, (await treeState(repo))!, 10);
    expect(git('status', '--porcelain')).toBe(before);
  });

  test('of a repository without a commit, of a folder in it, and of none', async () => {
    const empty = path.join(tempDir(), 'empty');
    execFileSync('git', ['init', '-q', empty]);
    writeFileSync(path.join(empty, 'a'), 'x\n');
    const state = (await treeState(empty))!;
    writeFileSync(path.join(empty, 'b'), 'y\n');
    expect((await diffSince(empty, state, 100))!.diff).toContain('+++ b/b');
    mkdirSync(path.join(repo, 'sub'));
    expect(await treeState(path.join(repo, 'sub'))).toBe(await treeState(repo));
    expect(await treeState(tempDir())).toBeUndefined();
    expect(await treeState('/nonexistent')).toBeUndefined();
  });
});

const tree = (): string => path.join(tempDir(), 'tree');

describe('a worktree', () => {
  test('is made once, whoever asks again, and removed once what it has is committed', async () => {
    const dir = tree();
    await makeWorktree(repo, { dir, branch: 'orch/run/step' });
    await makeWorktree(repo, { dir, branch: 'orch/run/step' });
    writeFileSync(path.join(dir, 'made.txt'), 'x\n');
    expect(await removeWorktree(dir)).toBe('1 file is not committed');
    expect(existsSync(dir)).toBe(true);
    await commitAll(dir, { message: 'Made it\n\nOrch-Run: run/step\n' });
    await commitAll(dir, { message: 'again, with nothing to commit' });
    expect(await removeWorktree(dir)).toBeUndefined();
    expect(existsSync(dir)).toBe(false);
    expect(await worktreeOf(dir, path.dirname(dir))).toBeUndefined();
    expect(git('log', '-1', '--format=%s%n%b', 'orch/run/step')).toContain('Made it\nOrch-Run: run/step');
  });

  test('stays while its commits are not on any branch; what git ignores does not keep it', async () => {
    const dir = tree();
    await makeWorktree(repo, { dir, branch: 'left' });
    const inTree = (...args: string[]) => execFileSync('git', args, { cwd: dir, encoding: 'utf8' });
    inTree('checkout', '-q', '--detach');
    writeFileSync(path.join(dir, 'made.txt'), 'x\n');
    await commitAll(dir, { message: 'on no branch' });
    expect(await whyTreeStays(dir)).toBe('its commits are not on any branch');
    expect(await removeWorktree(dir)).toBe('its commits are not on any branch');
    inTree('branch', 'found');
    writeFileSync(path.join(dir, 'ignored'), 'x\n');
    expect(await removeWorktree(dir)).toBeUndefined();
    expect(existsSync(dir)).toBe(false);
  });

  test('is found again through symbolic links', async () => {
    const real = tempDir();
    const link = path.join(tempDir(), 'link');
    symlinkSync(real, link);
    const dir = path.join(link, 'tree');
    await makeWorktree(repo, { dir, branch: 'linked' });
    await makeWorktree(repo, { dir, branch: 'linked' });
    expect(await worktreeOf(dir, link)).toBe(path.join(realpathSync(real), 'tree'));
    expect(await worktreeOf(dir, real)).toBe(path.join(realpathSync(real), 'tree'));
  });

  test('is only what is one: neither the repository round it, nor a tree elsewhere, nor what was one', async () => {
    const home = path.join(repo, '.state', 'worktrees');
    const dir = path.join(home, 'run', 'step');
    await makeWorktree(repo, { dir, branch: 'inside' });
    mkdirSync(path.join(dir, 'sub'));
    expect(await worktreeOf(path.join(dir, 'sub'), home)).toBe(realpathSync(dir));
    expect(await worktreeOf(dir, path.join(repo, '.other'))).toBeUndefined();
    expect(await worktreeOf(dir, dir)).toBeUndefined();
    expect(await worktreeOf(repo, home)).toBeUndefined();
    rmSync(path.join(dir, '.git'));
    expect(await worktreeOf(dir, home)).toBeUndefined();
  });

  test('goes on with its branch where the folder is gone', async () => {
    const dir = tree();
    await makeWorktree(repo, { dir, branch: 'b' });
    writeFileSync(path.join(dir, 'made.txt'), 'x\n');
    await commitAll(dir, { message: 'kept' });
    rmSync(dir, { recursive: true });
    await makeWorktree(repo, { dir, branch: 'b' });
    expect(existsSync(path.join(dir, 'made.txt'))).toBe(true);
  });

  test.each([
    ['a branch that git does not take', { branch: '-x' }],
    ['a branch with spaces', { branch: 'a b' }],
    ['a commit that is not there', { branch: 'b', base: 'nowhere' }],
    ['a base that is an option', { branch: 'b', base: '--help' }],
  ])('%s is refused', async (_, names) => {
    await expect(makeWorktree(repo, { dir: tree(), ...names })).rejects.toThrow(GitError);
  });

  test('a branch that another tree has is refused; outside of a repository there is none', async () => {
    await expect(makeWorktree(repo, { dir: tree(), branch: 'main' })).rejects.toThrow(GitError);
    await expect(makeWorktree(tempDir(), { dir: tree(), branch: 'b' })).rejects.toThrow('is not in a git repository');
  });

  test('a repository without a commit has none to begin at', async () => {
    const empty = tempDir();
    execFileSync('git', ['init', '-q'], { cwd: empty });
    await expect(makeWorktree(empty, { dir: tree(), branch: 'b' })).rejects.toThrow('no commit to begin at yet');
  });

  test.each([
    ['r', 'build', 'orch/r/build'],
    ['r', 'build[3]', 'orch/r/build-3-'],
    ['.r', 'a..b.lock', 'orch/r/a.b'],
    ['r', '...', 'orch/r/x'],
    ['r', 'ä ö~^:', 'orch/r/x'],
  ])('the branch of %s/%s is a name that git takes', (run, step, expected) => {
    const branch = branchOf(run, step);
    expect(branch).toMatch(expected === 'orch/r/x' ? /^orch\/r\/.+/ : expected);
    git('check-ref-format', '--branch', branch);
  });
});
