import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commitAll, freeBranch, makeWorktree, removeWorktree } from '../../src/agents/index.js';
import { identify } from '../../src/host/process-identity.js';
import { eventually } from '../support/eventually.js';
import { tempDir } from '../support/plans.js';

let repo: string;
let dir: string;
const BRANCH = 'orch/run/step';
const run = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd, encoding: 'utf8' });
const write = (name: string, text: string): void => writeFileSync(path.join(dir, name), `${text}\n`);
const end = (more: object = {}): Promise<string | undefined> =>
  commitAll(dir, { message: 'm', branch: BRANCH, ...more });
const onBranch = (branch = BRANCH): string[] => run(repo, 'log', '--format=%s', branch).trim().split('\n');

beforeEach(async () => {
  repo = newRepository();
  dir = path.join(tempDir(), 'tree');
  await makeWorktree(repo, { dir, branch: BRANCH });
});
afterEach(() => {
  delete process.env['GIT_ALLOW_PROTOCOL'];
});

function newRepository(): string {
  const made = path.join(tempDir(), 'repo');
  mkdirSync(made);
  run(made, 'init', '-q', '-b', 'main');
  writeFileSync(path.join(made, 'a.txt'), 'one\n');
  run(made, 'add', '.');
  run(made, 'commit', '-qm', 'first');
  return made;
}

describe("an agent's branch lacks its work", () => {
  test('where it has gone to another branch: nothing is committed there', async () => {
    run(dir, 'checkout', '-q', '-b', 'its-own');
    write('made.txt', 'x');
    const lacks = `the agent has left its branch '${BRANCH}' for the branch 'its-own', and what is there is not on it`;
    expect(await end()).toBe(lacks);
    expect(onBranch('its-own')).toEqual(['first']);
    run(dir, 'add', '.');
    run(dir, 'commit', '-qm', 'mine');
    expect(await end()).toBe(lacks);
    run(dir, 'checkout', '-q', '--detach');
    expect(await end()).toContain('for a commit without a branch');
    run(dir, 'branch', '-f', BRANCH, 'HEAD');
    expect([await end(), onBranch()]).toEqual([undefined, ['mine', 'first']]);
  });

  test('where a merge has left two versions in a file, told to git as done or not', async () => {
    write('a.txt', 'theirs');
    run(dir, 'commit', '-qam', 'theirs');
    run(repo, 'commit', '-q', '--allow-empty', '-m', 'empty');
    writeFileSync(path.join(repo, 'a.txt'), 'ours\n');
    run(repo, 'commit', '-qam', 'ours');
    expect(() => run(dir, 'merge', '-q', 'main')).toThrow();
    expect(await end()).toBe('1 file is unmerged: a.txt');
    run(dir, 'add', 'a.txt');
    expect(await end()).toBe('1 file is full of conflict markers: a.txt');
    expect(onBranch()).toEqual(['theirs', 'first']);
    write('a.txt', 'both');
    expect([await end({ message: 'merged' }), onBranch()[0]]).toEqual([undefined, 'merged']);
  });
});

const withSigner = (lines: string): void => {
  const program = path.join(tempDir(), 'signer');
  writeFileSync(program, `#!/bin/sh\n${lines}\n`);
  chmodSync(program, 0o755);
  for (const [key, value] of [
    ['commit.gpgsign', 'true'],
    ['gpg.program', program],
    ['user.signingkey', 'k'],
  ]) {
    run(repo, 'config', key!, value!);
  }
  write('made.txt', 'x');
};

describe("orch's own commit", () => {
  test('is not signed, however git is configured, unless it is asked for', async () => {
    withSigner('exit 1');
    await expect(end({ sign: true })).rejects.toThrow('git commit: fatal: failed to write commit object');
    expect([await end({ message: 'unsigned' }), onBranch()]).toEqual([undefined, ['unsigned', 'first']]);
  });

  test('is signed where that is asked for', async () => {
    const signature = "printf -- '-----BEGIN PGP SIGNATURE-----\\nx\\n-----END PGP SIGNATURE-----\\n'";
    withSigner(`cat > /dev/null; echo '[GNUPG:] SIG_CREATED ' >&2; ${signature}`);
    expect(await end({ sign: true })).toBeUndefined();
    expect(run(repo, 'cat-file', 'commit', BRANCH)).toContain('gpgsig -----BEGIN PGP SIGNATURE-----');
  });

  test('is given up after its time, with all that git has called', async () => {
    const pid = path.join(tempDir(), 'pid');
    withSigner(`echo $$ > '${pid}'; sleep 600`);
    await expect(commitAll(dir, { message: 'm', sign: true, timeoutMs: 2_000 })).rejects.toThrow(
      'git commit: it took longer than 2 s and was stopped',
    );
    const signer = Number(readFileSync(pid, 'utf8'));
    await eventually('the signer is gone', () => identify(signer) === undefined);
  });
});

describe('submodules', () => {
  let tree: string;
  beforeEach(async () => {
    process.env['GIT_ALLOW_PROTOCOL'] = 'file';
    const other = newRepository();
    run(repo, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other, 'sub');
    run(repo, 'commit', '-qm', 'with a submodule');
    tree = path.join(tempDir(), 'with-sub');
  });
  const commitInSub = (): void => {
    writeFileSync(path.join(tree, 'sub', 'new.txt'), 'x\n');
    run(path.join(tree, 'sub'), 'add', '.');
    run(path.join(tree, 'sub'), 'commit', '-qm', 'in the submodule');
  };

  test('are checked out where that is wanted, and their tree can be removed', async () => {
    await makeWorktree(repo, { dir: tree, branch: 'without' });
    expect(existsSync(path.join(tree, 'sub', 'a.txt'))).toBe(false);
    expect(await removeWorktree(tree)).toBeUndefined();
    await makeWorktree(repo, { dir: tree, branch: 'with', submodules: true });
    expect(existsSync(path.join(tree, 'sub', 'a.txt'))).toBe(true);
    expect(await removeWorktree(tree)).toBeUndefined();
    expect(existsSync(tree)).toBe(false);
  });

  test('what was changed in them, or committed there only, keeps the tree', async () => {
    await makeWorktree(repo, { dir: tree, branch: 'with', submodules: true });
    writeFileSync(path.join(tree, 'sub', 'a.txt'), 'changed\n');
    expect(await commitAll(tree, { message: 'm', branch: 'with' })).toBe('1 file is not committed: sub');
    run(path.join(tree, 'sub'), 'checkout', '-q', 'a.txt');
    commitInSub();
    expect(await commitAll(tree, { message: 'm', branch: 'with' })).toBeUndefined();
    expect(await removeWorktree(tree)).toBe('the submodule sub has commits that are nowhere else');
    expect(existsSync(tree)).toBe(true);
  });
});

test('a branch named orch leaves no room for orch/…: another name is taken', async () => {
  expect(await freeBranch(repo, 'orch/r/s')).toBe('orch/r/s');
  const other = newRepository();
  run(other, 'branch', 'orch');
  expect(await freeBranch(other, 'orch/r/s')).toBe('orch-runs/r/s');
  run(other, 'branch', 'orch-runs');
  expect(await freeBranch(other, 'orch/r/s')).toBe('orch-runs-runs/r/s');
  await makeWorktree(other, { dir: path.join(tempDir(), 'tree'), branch: await freeBranch(other, 'orch/r/s') });
});
