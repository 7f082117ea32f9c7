import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { git, node, sh, temporaryFolders, tryGit } from './repository.js';

const folders = temporaryFolders();
afterEach(folders.removeAll);

describe('setup.sh', () => {
  it('makes a clone on main with a branch to merge, both pushed to a bare repository', () => {
    const folder = folders.make();
    expect(sh('safe-merge/setup.sh', [folder])).toEqual({
      code: 0,
      stdout: `${folder}/work: branch 'feature' is ready to be merged into main (clean)\n`,
      stderr: '',
    });
    const work = path.join(folder, 'work');
    expect(git(work, 'status', '--short', '--branch')).toBe('## main');
    expect(git(path.join(folder, 'origin.git'), 'branch', '--format=%(refname:short)')).toBe('feature\nmain');
    expect(tryGit(work, 'merge', '--no-edit', 'feature').code).toBe(0);
  });

  it('makes branches that conflict', () => {
    const { work } = setUp('conflict');
    expect(tryGit(work, 'merge', '--no-edit', 'feature').code).toBe(1);
    expect(git(work, 'diff', '--name-only', '--diff-filter=U')).toBe('greeting.txt\nnotes.txt\nsettings.txt');
  });

  it('sets the user in the clone only', () => {
    const { work } = setUp('clean');
    expect(git(work, 'config', '--local', 'user.email')).toBe('safe-merge@example.invalid');
  });

  it.each([
    ['an unknown kind', ['messy'], "setup.sh: 'messy' is neither clean nor conflict\n"],
    ['a name that no branch can have', ['clean', 'a b'], "setup.sh: 'a b' is no name for a branch\n"],
  ])('refuses %s', (_what, args, stderr) => {
    const folder = folders.make();
    expect(sh('safe-merge/setup.sh', [folder, ...args])).toEqual({ code: 2, stdout: '', stderr });
  });

  it('refuses a folder that it set up before', () => {
    const { folder } = setUp('clean');
    expect(sh('safe-merge/setup.sh', [folder]).stderr).toBe(
      `setup.sh: ${folder} has been set up before; remove it or name another folder\n`,
    );
  });
});

describe('resolve.mjs', () => {
  it('takes, per file, the side that changed it last, deletions included', () => {
    const { work } = conflicting();
    expect(node('safe-merge/resolve.mjs', ['newest'], work, { MERGE_MESSAGE: 'Merge it' })).toEqual({
      code: 0,
      stdout: [
        'greeting.txt: ours (newer: 2023-11-14T22:14:10.000Z)',
        'notes.txt: ours (newer: 2023-11-14T22:14:10.000Z)',
        'settings.txt: theirs (newer: 2023-11-14T22:14:20.000Z)',
        '',
      ].join('\n'),
      stderr: '',
    });
    expect(git(work, 'status', '--porcelain')).toBe('');
    expect(git(work, 'ls-files')).toBe('check.sh\nfeature.txt\ngreeting.txt\nmain.txt\nsettings.txt');
    expect(content(work, 'greeting.txt')).toBe('hello from main\n');
    expect(content(work, 'settings.txt')).toBe('version=3\n');
    expect(git(work, 'log', '-1', '--format=%B')).toContain(
      "Merge it\n\nConflicts were resolved by the policy 'newest':",
    );
    expect(git(work, 'log', '-1', '--format=%P').split(' ')).toHaveLength(2);
  });

  it.each([
    ['ours', 'hello from main\n', 'version=2\n', false],
    ['theirs', 'hello from the branch\n', 'version=3\n', true],
  ])('takes one side throughout by the policy %s', (policy, greeting, settings, notes) => {
    const { work } = conflicting();
    expect(node('safe-merge/resolve.mjs', [policy], work).code).toBe(0);
    expect(content(work, 'greeting.txt')).toBe(greeting);
    expect(content(work, 'settings.txt')).toBe(settings);
    expect(existsSync(path.join(work, 'notes.txt'))).toBe(notes);
  });

  it('resolves nothing by the policy none, and fails', () => {
    const { work } = conflicting();
    expect(node('safe-merge/resolve.mjs', ['none'], work)).toEqual({
      code: 1,
      stdout: 'in conflict, and the policy is to resolve nothing:\ngreeting.txt\nnotes.txt\nsettings.txt\n',
      stderr: '',
    });
    expect(git(work, 'diff', '--name-only', '--diff-filter=U')).toBe('greeting.txt\nnotes.txt\nsettings.txt');
  });

  it('does nothing on the clean path, twice over', () => {
    const { work } = setUp('clean');
    git(work, 'merge', '--no-edit', 'feature');
    const before = git(work, 'rev-parse', 'HEAD');
    for (const _ of [1, 2]) {
      expect(node('safe-merge/resolve.mjs', ['newest'], work)).toEqual({
        code: 0,
        stdout: 'nothing is in conflict\n',
        stderr: '',
      });
    }
    expect(git(work, 'rev-parse', 'HEAD')).toBe(before);
  });

  it('finds the later change also where one side renamed the file', () => {
    const { work } = setUp('clean');
    const text = Array.from({ length: 20 }, (_, line) => `line ${line}`);
    write(work, 'long.txt', text);
    commit(work, 100, 'Add a long file');
    git(work, 'checkout', '-q', '-b', 'renaming');
    git(work, 'mv', 'long.txt', 'renamed.txt');
    write(work, 'renamed.txt', [...text.slice(0, 19), 'changed by the one who renamed']);
    commit(work, 110, 'Rename and change');
    git(work, 'checkout', '-q', 'main');
    write(work, 'long.txt', [...text.slice(0, 19), 'changed later, under the old name']);
    commit(work, 120, 'Change');
    expect(tryGit(work, 'merge', '--no-edit', 'renaming').code).toBe(1);
    expect(node('safe-merge/resolve.mjs', ['newest'], work).stdout).toBe(
      'renamed.txt: ours (newer: 2023-11-14T22:15:20.000Z)\n',
    );
    expect(content(work, 'renamed.txt')).toContain('changed later, under the old name');
  });

  it('handles paths with quotes, blanks, newlines and what looks like an option or a pattern', () => {
    const { work } = setUp('clean');
    const names = ['it\'s "q".txt', 'a b\nc.txt', '--all', '*', ':(top)x', '$(touch pwned)'];
    git(work, 'checkout', '-q', '-b', 'odd');
    for (const name of names) write(work, name, ['theirs']);
    commit(work, 100, 'Add odd files');
    git(work, 'checkout', '-q', 'main');
    for (const name of names) write(work, name, ['ours']);
    commit(work, 110, 'Add odd files');
    expect(tryGit(work, 'merge', '--no-edit', 'odd').code).toBe(1);
    expect(node('safe-merge/resolve.mjs', ['theirs'], work).code).toBe(0);
    for (const name of names) expect(content(work, name)).toBe('theirs\n');
    expect(git(work, 'status', '--porcelain')).toBe('');
    expect(existsSync(path.join(work, 'pwned'))).toBe(false);
  });
});

describe('record.mjs', () => {
  it('writes one line of JSON, and none when the step is tried again', () => {
    const folder = folders.make();
    const file = path.join(folder, 'new', 'events.ndjson');
    const env = {
      ORCH_RUN_ID: 'run-1',
      ORCH_IDEMPOTENCY_KEY: 'run-1/record',
      REPO: folder,
      REMOTE: 'origin',
      BASE: 'main',
      BRANCH: `it's-"quoted"`,
    };
    const args = [file, 'merged', 'aaa', 'bbb', '', 'true'];
    node('safe-merge/record.mjs', args, folder, env);
    expect(node('safe-merge/record.mjs', args, folder, env).stdout).toBe('recorded before\n');
    expect(content(folder, 'new/events.ndjson').split('\n')).toEqual([expect.any(String), '']);
    expect(JSON.parse(content(folder, 'new/events.ndjson'))).toEqual({
      event: 'safe-merge',
      outcome: 'merged',
      key: 'run-1/record',
      run_id: 'run-1',
      repo: folder,
      remote: 'origin',
      base: 'main',
      branch: `it's-"quoted"`,
      base_commit: 'aaa',
      branch_commit: 'bbb',
      merge_commit: null,
      conflicts: true,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });
});

function setUp(kind: 'clean' | 'conflict'): { folder: string; work: string } {
  const folder = folders.make();
  expect(sh('safe-merge/setup.sh', [folder, kind]).code).toBe(0);
  return { folder, work: path.join(folder, 'work') };
}

function conflicting(): { folder: string; work: string } {
  const made = setUp('conflict');
  expect(tryGit(made.work, 'merge', '--no-edit', 'feature').code).toBe(1);
  return made;
}

function write(work: string, name: string, lines: readonly string[]): void {
  const file = path.join(work, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join('\n')}\n`);
}

/** Commits everything, at a time after those of the setup. */
function commit(work: string, seconds: number, message: string): void {
  const date = `@${1_700_000_000 + seconds} +0000`;
  git(work, 'add', '--all');
  git(work, '-c', 'core.editor=false', 'commit', '-q', '-m', message, `--date=${date}`);
  // The committer's date is what counts, and has no option of its own.
  git(work, '-c', 'core.editor=false', 'rebase', '-q', '--committer-date-is-author-date', '--force-rebase', 'HEAD~1');
}

function content(work: string, name: string): string {
  return readFileSync(path.join(work, name), 'utf8');
}
