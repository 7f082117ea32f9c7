import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { synchronise } from '../../../src/activities/loop/sync-repository.js';
import type { SyncReport, SyncTask } from '../../../src/contract/loop-turn.js';
import { configOf } from '../../loop/sample.js';
import { sharedRepository, type Clone } from '../../support/clones.js';
import { tempDir } from '../../support/plans.js';

/** Synchronises a clone as the loop does after a turn. */
function sync(clone: Clone, { when = 'after' }: { when?: SyncTask['when'] } = {}): Promise<SyncReport> {
  const { git } = configOf(`git: {enabled: true}\nstate_file: sync/state.json\n`);
  const subject = 'SUPERVISOR AUTO (prompt=supervisor) (iter=00001)';
  return synchronise(clone.dir, { run_id: 'loop', step_id: 'iter-00001.supervisor', git: git!, when, subject });
}
/** The code that a refusal has. */
const refusal = async (ended: Promise<unknown>): Promise<string> =>
  ended.then(
    () => 'none',
    (error: unknown) => `${(error as { reason: string }).reason}: ${(error as Error).message}`,
  );
const subjects = (clone: Clone, ref = 'HEAD'): string[] => clone.git('log', '--format=%s', ref).trim().split('\n');

describe('after a turn', () => {
  test('documents, reports and tracked outputs are committed with a trailer, and pushed', async () => {
    const shared = sharedRepository();
    const one = shared.clone('one');
    one.commit('tests/fixtures/a.npy', '1');
    one.write('docs/fix_plan.md', 'plan\n');
    one.write('plans/x/reports/run.log', 'ran\n');
    one.write('tests/fixtures/a.npy', '2');
    one.write('sync/state.json', '{}');
    const report = await sync(one);
    expect(report).toEqual({ commit: expect.stringMatching(/^[0-9a-f]{7,}$/), pushed: true, left: [] });
    const other = shared.clone('other');
    expect(other.git('log', '-1', '--format=%B').trim()).toBe(
      'SUPERVISOR AUTO (prompt=supervisor) (iter=00001): doc/meta hygiene, reports evidence, tracked outputs — tests: not run\n\nOrch-Run: loop/iter-00001.supervisor',
    );
    expect(readFileSync(path.join(other.dir, 'docs/fix_plan.md'), 'utf8')).toBe('plan\n');
  });

  test('nothing to commit: what the agent has committed itself is pushed all the same', async () => {
    const shared = sharedRepository();
    const one = shared.clone('one');
    one.commit('src/new.py', 'x', false);
    expect(await sync(one)).toEqual({ pushed: true, left: [] });
    expect(await sync(one)).toEqual({ pushed: false, left: [] });
    expect(subjects(shared.clone('other'))[0]).toBe('one: src/new.py');
  });

  test('source files never slip through: a dirty one is refused by name, and nothing is committed', async () => {
    const shared = sharedRepository();
    const one = shared.clone('one');
    one.write('src/code.py', 'print(2)\n');
    one.write('docs/fix_plan.md', 'plan\n');
    expect(await refusal(sync(one))).toMatch(/^git_dirty: .*src\/code\.py \(no rule covers it\)/);
    expect(subjects(one)).toEqual(['seed: src/code.py']);
  });

  test('dirty: warn leaves it where it is and says so; a staged one is not committed either', async () => {
    const shared = sharedRepository();
    const one = shared.clone('one');
    one.write('src/code.py', 'print(2)\n');
    one.write('src/staged.py', 'print(3)\n');
    one.git('add', 'src/staged.py');
    one.write('docs/fix_plan.md', 'plan\n');
    const git = configOf('git: {enabled: true, dirty: warn}\n').git!;
    const task = { run_id: 'loop', step_id: 's', git, when: 'after' as const, subject: 'X' };
    const report = await synchronise(one.dir, task);
    expect(report.left).toEqual(['src/code.py (no rule covers it)', 'src/staged.py (no rule covers it)']);
    expect(one.git('show', '--name-only', '--format=').trim()).toBe('docs/fix_plan.md');
    expect(one.git('status', '--porcelain').trim().split('\n').sort()).toEqual(['A  src/staged.py', 'M src/code.py']);
  });

  test('dry_run says what would be committed, and commits and pushes nothing', async () => {
    const shared = sharedRepository();
    const one = shared.clone('one');
    one.commit('src/new.py', 'x', false);
    one.write('docs/fix_plan.md', 'plan\n');
    const git = configOf('git: {enabled: true, dry_run: true}\n').git!;
    const task = { run_id: 'loop', step_id: 's', git, when: 'after' as const, subject: 'X' };
    expect(await synchronise(one.dir, task)).toEqual({ pushed: false, left: [], would_commit: ['docs/fix_plan.md'] });
    expect(one.git('status', '--porcelain').trim()).toBe('?? docs/');
    expect(subjects(shared.clone('other'))[0]).toBe('seed: src/code.py');
  });

  test('.reportsignore and sizes are heeded, and odd names are taken as they are', async () => {
    const shared = sharedRepository();
    const one = shared.clone('one');
    one.commit('.reportsignore', '*.png\n');
    one.write('reports/plot.png', 'x');
    expect(await refusal(sync(one))).toMatch(/reports\/plot\.png \(\.reportsignore excludes it\)/);
    one.git('clean', '-fdq');
    one.write('reports/big.log', new Uint8Array(6 * 1024 * 1024));
    expect(await refusal(sync(one))).toMatch(/a report may have at most 5242880/);
    one.git('clean', '-fdq');
    for (const name of ['reports/a b.md', 'reports/*.md', 'reports/ü"\'.md', 'reports/-x.md']) one.write(name, 'x');
    await sync(one);
    expect(one.git('status', '--porcelain')).toBe('');
    expect(one.git('show', '--name-only', '-z', '--format=').split('\0').filter(Boolean)).toHaveLength(4);
  });

  test('a file that was deleted is one more change of its kind', async () => {
    const shared = sharedRepository();
    const one = shared.clone('one');
    one.commit('plans/old.md', 'x');
    one.git('rm', '-q', 'plans/old.md');
    expect((await sync(one)).pushed).toBe(true);
    expect(existsSync(path.join(shared.clone('other').dir, 'plans/old.md'))).toBe(false);
  });

  test('it may be done again at any point: a commit that is there is not made again, and only the push is left to do', async () => {
    const shared = sharedRepository();
    const one = shared.clone('one');
    one.write('docs/fix_plan.md', 'plan\n');
    writeFileSync(path.join(shared.bare, 'hooks', 'pre-receive'), '#!/bin/sh\necho "closed for today" >&2\nexit 1\n', {
      mode: 0o755,
    });
    expect(await refusal(sync(one))).toMatch(
      /^git_push_rejected: origin rejected main twice.*pre-receive hook declined/,
    );
    writeFileSync(path.join(shared.bare, 'hooks', 'pre-receive'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    expect((await sync(one)).pushed).toBe(true);
    expect(subjects(one)).toHaveLength(2);
  });

  test('where the other machine was faster, it pulls and pushes once more', async () => {
    const shared = sharedRepository();
    const [one, two] = [shared.clone('one'), shared.clone('two')];
    two.commit('docs/two.md', 'two');
    one.write('docs/fix_plan.md', 'plan\n');
    expect((await sync(one)).pushed).toBe(true);
    expect(subjects(shared.clone('other'))).toEqual([
      expect.stringContaining('SUPERVISOR AUTO'),
      'two: docs/two.md',
      'seed: src/code.py',
    ]);
  });

  test('a remote that is gone is told, and the commit waits', async () => {
    const shared = sharedRepository();
    const one = shared.clone('one');
    one.write('docs/fix_plan.md', 'plan\n');
    one.git('remote', 'set-url', 'origin', path.join(tempDir(), 'gone.git'));
    expect(await refusal(sync(one))).toMatch(/^git_push_failed: /);
    expect(subjects(one)[0]).toContain('SUPERVISOR AUTO');
  });
});

describe('before a turn', () => {
  test('what the other machine has pushed is there', async () => {
    const shared = sharedRepository();
    const [one, two] = [shared.clone('one'), shared.clone('two')];
    two.commit('input.md', 'do it');
    expect(await sync(one, { when: 'before' })).toEqual({ pushed: false, left: [] });
    expect(readFileSync(path.join(one.dir, 'input.md'), 'utf8')).toBe('do it');
  });

  test('documents that a failed turn has left are committed first, then both are joined', async () => {
    const shared = sharedRepository();
    const [one, two] = [shared.clone('one'), shared.clone('two')];
    two.commit('input.md', 'do it');
    one.write('docs/fix_plan.md', 'plan\n');
    await sync(one, { when: 'before' });
    expect(subjects(one)).toEqual([expect.stringContaining('SUPERVISOR AUTO'), 'two: input.md', 'seed: src/code.py']);
    expect(await sync(one, { when: 'before' })).toMatchObject({ pushed: false });
  });

  test('a rebase that was left in progress is given up first', async () => {
    const shared = sharedRepository();
    const [one, two] = [shared.clone('one'), shared.clone('two')];
    two.commit('a.txt', 'two\n');
    one.commit('a.txt', 'one\n', false);
    expect(() => one.git('pull', '--rebase', '--quiet')).toThrow(/conflict/i);
    expect(existsSync(path.join(one.dir, '.git', 'rebase-merge'))).toBe(true);
    expect(await refusal(sync(one, { when: 'before' }))).toMatch(/^git_conflict: .*a\.txt/);
    expect(existsSync(path.join(one.dir, '.git', 'rebase-merge'))).toBe(false);
    expect(existsSync(path.join(one.dir, '.git', 'MERGE_HEAD'))).toBe(false);
    expect(one.git('status', '--porcelain')).toBe('');
    expect(subjects(one)[0]).toBe('one: a.txt'); // the tree is as it was
  });

  test.each(['', 'b.txt'])(
    'work here that is not committed and meets theirs is put back, and stops the loop %s',
    async (more) => {
      const shared = sharedRepository();
      const [one, two] = [shared.clone('one'), shared.clone('two')];
      two.commit('src/code.py', 'theirs\n');
      if (more !== '') one.commit(more, 'mine, committed\n', false);
      one.write('src/code.py', 'mine\n');
      const git = configOf('git: {enabled: true, dirty: warn}\n').git!;
      const task = { run_id: 'loop', step_id: 's', git, when: 'before' as const, subject: 'X' };
      const head = one.git('rev-parse', 'HEAD');
      expect(await refusal(synchronise(one.dir, task))).toBe(
        'git_conflict: origin/main and this clone have both changed src/code.py: merge them by hand',
      );
      expect(readFileSync(path.join(one.dir, 'src/code.py'), 'utf8')).toBe('mine\n');
      expect([one.git('rev-parse', 'HEAD'), one.git('stash', 'list')]).toEqual([head, '']);
      expect(one.git('status', '--porcelain')).toBe(' M src/code.py\n');
    },
  );

  test('an untracked file here that a pull would overwrite is a clear error', async () => {
    const shared = sharedRepository();
    const [one, two] = [shared.clone('one'), shared.clone('two')];
    two.commit('notes.txt', 'theirs\n');
    one.write('notes.txt', 'mine\n');
    const git = configOf('git: {enabled: true, dirty: warn}\n').git!;
    const task = { run_id: 'loop', step_id: 's', git, when: 'before' as const, subject: 'X' };
    expect(await refusal(synchronise(one.dir, task))).toBe(
      'git_untracked_collision: a pull would overwrite untracked files: notes.txt. Move or remove them',
    );
    expect(readFileSync(path.join(one.dir, 'notes.txt'), 'utf8')).toBe('mine\n');
  });

  test('a branch that nobody has pushed yet is no reason to stop', async () => {
    const one = sharedRepository().clone('one');
    one.git('checkout', '-q', '-b', 'feature/new');
    expect(await sync(one, { when: 'before' })).toEqual({ pushed: false, left: [] });
    expect((await sync(one)).pushed).toBe(true);
    expect(one.git('ls-remote', '--heads', 'origin', 'refs/heads/feature/new')).toContain('refs/heads/feature/new');
  });
});

describe('guards', () => {
  test('the loop works on its branch only, and on no detached commit', async () => {
    const one = sharedRepository().clone('one');
    const git = configOf('git: {enabled: true, branch: main}\n').git!;
    const task = { run_id: 'loop', step_id: 's', git, when: 'after' as const, subject: 'X' };
    one.git('checkout', '-q', '-b', 'other');
    expect(await refusal(synchronise(one.dir, task))).toMatch(
      /^git_branch: .* is on the branch other, but the loop works only on main/,
    );
    one.git('checkout', '-q', '--detach');
    expect(await refusal(synchronise(one.dir, task))).toMatch(/^git_branch: .* is not on a branch/);
  });

  test('a folder without a repository, and a merge of a person, are left alone', async () => {
    const dir = tempDir();
    const git = configOf('git: {enabled: true}\n').git!;
    const task = { run_id: 'loop', step_id: 's', git, when: 'after' as const, subject: 'X' };
    expect(await refusal(synchronise(dir, task))).toMatch(/^git_no_repository: /);
    const shared = sharedRepository();
    const [one, two] = [shared.clone('one'), shared.clone('two')];
    two.commit('a.txt', 'two\n');
    one.commit('a.txt', 'one\n', false);
    expect(() => one.git('pull', '--no-rebase', '--quiet')).toThrow();
    expect(await refusal(sync(one))).toMatch(/^git_merge_in_progress: /);
    expect(existsSync(path.join(one.dir, '.git', 'MERGE_HEAD'))).toBe(true);
  });

  test('an index that another git holds for good is told with the file', async () => {
    const one = sharedRepository().clone('one');
    one.write('docs/fix_plan.md', 'plan\n');
    writeFileSync(path.join(one.dir, '.git', 'index.lock'), '');
    expect(await refusal(sync(one))).toMatch(
      /^git_locked: another git process holds .*index\.lock; if none is running, remove that file/,
    );
  });
});

const below = (clone: Clone): Clone => ({ ...clone, dir: path.join(clone.dir, 'sub') });

describe('a configuration below the top of its repository', () => {
  test('has rules that count from its folder; what is outside of it is named', async () => {
    const shared = sharedRepository();
    const one = shared.clone('one');
    const names = ['sub/docs/fix_plan.md', 'sub/plans/x/reports/run.log', 'sub/sync/state.json'];
    for (const name of names) one.write(name, '{}');
    one.write('docs/fix_plan.md', 'of another project');
    expect(await refusal(sync(below(one)))).toMatch(
      /^git_dirty: .*docs\/fix_plan\.md \(no rule covers it: it is outside the folder of the loop\)/,
    );
    rmSync(path.join(one.dir, 'docs/fix_plan.md'));
    expect(await sync(below(one))).toMatchObject({ pushed: true, left: [] });
    expect(one.git('show', '--name-only', '--format=').trim().split('\n')).toEqual(names);
  });

  test('has its own .reportsignore', async () => {
    const one = sharedRepository().clone('one');
    one.commit('sub/.reportsignore', '*.png\n');
    one.write('sub/reports/plot.png', 'x');
    expect(await refusal(sync(below(one)))).toMatch(/sub\/reports\/plot\.png \(\.reportsignore excludes it\)/);
  });
});

const local = (clone: Clone, when: SyncTask['when'] = 'after'): Promise<SyncReport> => {
  const { git } = configOf('git: {enabled: true}\n');
  return synchronise(clone.dir, { run_id: 'loop', step_id: 's', git: git!, when, subject: 'X', may_be_local: true });
};

describe('where there is no remote', () => {
  test('it is committed here, and what no rule covers is only told', async () => {
    const one = sharedRepository().clone('one');
    one.git('remote', 'remove', 'origin');
    one.write('docs/fix_plan.md', 'plan\n');
    one.write('src/code.py', 'changed');
    expect(await local(one, 'before')).toMatchObject({ pushed: false, left: ['src/code.py (no rule covers it)'] });
    expect(await local(one)).toEqual({ pushed: false, left: ['src/code.py (no rule covers it)'] });
    expect(one.git('show', '--name-only', '--format=').trim()).toBe('docs/fix_plan.md');
  });

  test('two machines cannot do without', async () => {
    const one = sharedRepository().clone('one');
    one.git('remote', 'remove', 'origin');
    expect(await refusal(sync(one, { when: 'before' }))).toMatch(/^git_unreachable: /);
  });
});

const hidden = async (config: string): Promise<string> => {
  const shared = sharedRepository();
  const one = shared.clone('one');
  one.commit('.gitignore', 'reports/\nnode_modules/\n*.md\n');
  for (const name of ['reports/run.log', 'reports/run.py', 'node_modules/x.log', 'docs/fix_plan.md'])
    one.write(name, 'x');
  const { git } = configOf(`git: {enabled: true${config}}\n`);
  await synchronise(one.dir, { run_id: 'loop', step_id: 's', git: git!, when: 'after', subject: 'X' });
  return one.git('show', '--name-only', '--format=').trim();
};

describe('reports that git is told to pass over', () => {
  test('stay where they are', async () => expect(await hidden('')).toBe('.gitignore'));
  test('are committed where that is configured, they alone', async () =>
    expect(await hidden(', force_add_reports: true')).toBe('reports/run.log'));
});
