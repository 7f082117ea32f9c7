import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { callCli } from '../support/cli.js';
import { git, node, sh, temporaryFolders } from './repository.js';

const PLAN = 'examples/docs-restore/docs-restore.yaml';

const folders = temporaryFolders();
afterEach(folders.removeAll);

describe('find-lost.mjs', () => {
  it('finds a deleted page, but none that was renamed or removed on purpose', () => {
    const work = setUp();
    const output = path.join(work, '..', 'deleted.json');
    expect(node('docs-restore/find-lost.mjs', ['deleted', 'docs', output], work).code).toBe(0);
    expect(JSON.parse(readFileSync(output, 'utf8'))).toEqual([
      {
        path: 'docs/install.md',
        commit: git(work, 'rev-list', '--max-parents=0', 'HEAD'),
        lost_by: git(work, 'rev-parse', 'HEAD'),
      },
    ]);
  });

  it('finds an emptied page', () => {
    const work = setUp();
    const output = path.join(work, '..', 'emptied.json');
    expect(node('docs-restore/find-lost.mjs', ['emptied', 'docs', output], work).code).toBe(0);
    expect(JSON.parse(readFileSync(output, 'utf8'))).toMatchObject([{ path: 'docs/guide/configure.md' }]);
  });

  it('finds nothing where there is no documentation', () => {
    const work = setUp();
    const output = path.join(work, '..', 'lost.json');
    expect(node('docs-restore/find-lost.mjs', ['deleted', 'handbook', output], work)).toEqual({
      code: 0,
      stdout: 'none\n',
      stderr: '',
    });
  });
});

describe('check-links.mjs', () => {
  it('tells links to files and headings that are not there, with exit code 3', () => {
    const work = setUp();
    page(work, 'docs/links.md', [
      '# Links',
      '[fine](index.md) [fine](index.md#handbook) [web](https://example.invalid/x) [here](#links)',
      '[no file](gone.md) [no heading](index.md#gone)',
      '`[code](gone.md)`',
      '```',
      '[code](gone.md)',
      '```',
    ]);
    expect(node('docs-restore/check-links.mjs', ['docs'], work)).toEqual({
      code: 3,
      stdout: [
        'docs/index.md: install.md: there is no such file',
        'docs/index.md: guide/configure.md#files: there is no such heading',
        'docs/links.md: gone.md: there is no such file',
        'docs/links.md: index.md#gone: there is no such heading',
        '',
      ].join('\n'),
      stderr: '',
    });
  });
});

describe('check-ids.mjs', () => {
  it('fails when two pages have one id', () => {
    const work = setUp();
    page(work, 'docs/second.md', ['---', 'id: index', '---', '# Second']);
    expect(node('docs-restore/check-ids.mjs', ['docs'], work)).toEqual({
      code: 1,
      stdout: '',
      stderr: "the id 'index' is taken by docs/index.md and docs/second.md\n",
    });
  });
});

describe('docs-restore.yaml', () => {
  it('restores what was lost on a branch of its own, and leaves the checkout alone', async () => {
    const work = setUp();
    const head = git(work, 'rev-parse', 'HEAD');
    const run = await restore(work);
    expect(run).toMatchObject({ code: 0, status: 'succeeded' });
    const branch = `docs-restore/${run.run_id}`;
    expect(git(work, 'diff', '--name-status', head, branch)).toBe('M\tdocs/guide/configure.md\nA\tdocs/install.md');
    expect(git(work, 'diff', '--stat', 'HEAD~1', branch, '--', 'docs/install.md', 'docs/guide')).toBe('');
    expect(git(work, 'rev-parse', 'HEAD')).toBe(head);
    expect(git(work, 'status', '--porcelain')).toBe('');
    expect(git(work, 'worktree', 'list', '--porcelain').match(/^worktree /gm)).toHaveLength(1);
    const report = readFileSync(path.join(work, '.git', 'docs-restore', run.run_id, 'report.md'), 'utf8');
    expect(report).toContain('- `docs/install.md`, lost by ');
    expect(report).toContain(`Restored on the branch \`${branch}\``);
  });

  it('commits nothing where a restored page has an id that another took over', async () => {
    const work = setUp('duplicate-id');
    const run = await restore(work);
    expect(run).toMatchObject({ code: 1, status: 'failed' });
    expect(run.steps).toMatchObject({
      'check-ids': 'failed',
      commit: 'skipped',
      'clean-up': 'success',
      report: 'success',
    });
    expect(git(work, 'branch', '--format=%(refname:short)')).toBe('main');
    expect(existsSync(path.join(work, 'docs', 'install.md'))).toBe(false);
    expect(readdirSync(path.join(work, '.git', 'docs-restore', run.run_id))).toEqual(['found', 'report.md']);
  });
});

function setUp(kind = 'clean'): string {
  const folder = folders.make();
  const { code, stderr } = sh('docs-restore/setup.sh', [folder, kind]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return path.join(folder, 'work');
}

function page(work: string, name: string, lines: readonly string[]): void {
  mkdirSync(path.dirname(path.join(work, name)), { recursive: true });
  writeFileSync(path.join(work, name), `${lines.join('\n')}\n`);
}

async function restore(
  work: string,
): Promise<{ code: number | null; run_id: string; status: string; steps: Record<string, string> }> {
  const { code, stdout, stderr } = await callCli(['run', PLAN, '--input', `REPO=${work}`, '--json']);
  if (!stdout.startsWith('{')) throw new Error(`orch run printed no result:\n${stdout}${stderr}`);
  const run = JSON.parse(stdout) as { run_id: string; status: string; steps: { id: string; status: string }[] };
  const steps = Object.fromEntries(run.steps.map((step) => [step.id, step.status]));
  return { code, run_id: run.run_id, status: run.status, steps };
}
