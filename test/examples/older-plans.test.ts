import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { callCli } from '../support/cli.js';
import { tempDir } from '../support/plans.js';

/** Plans as the older engine has them: what they were called there, and each in another of its forms. */
const merge = { id: 'merge', name: 'Merge', command: 'git', args: ['merge', '--no-ff', '--no-edit', '${BRANCH}'] };
const check = { id: 'check', name: 'Check', command: 'git', args: ['rev-parse', '--verify', '${BRANCH}'] };
const base = { plan_id: 'PLAN-MERGE-001', version: '1.0', steps: [check, { ...merge, depends_on: ['check'] }] };
const variants: Record<string, object> = {
  'as it was first': base,
  'with metadata and globals, and a document id': {
    ...base,
    doc_id: 'DOC-1',
    version: '1.1',
    metadata: { project: 'merge-safety', phase_id: 'MERGE', created: '2025-01-01' },
    globals: { max_concurrency: 1, default_timeout_sec: 600, default_retries: 0, env: { GIT_EDITOR: 'true' } },
  },
  'with lines for a shell, times in words and one id as a dependency': {
    ...base,
    version: '2.0',
    steps: [
      {
        id: 'check',
        name: 'Check',
        command: 'git rev-parse --verify "$BRANCH" && git status',
        shell: true,
        timeout_sec: '1m',
      },
      { ...merge, depends_on: 'check', timeout_sec: 120, retries: 0, critical: true, on_failure: 'abort' },
    ],
  },
  'with phases, and a fallback that the failure policy names': {
    ...base,
    steps: [
      { ...check, tags: ['phase:1'] },
      {
        ...merge,
        args: ['merge', '--ff-only', '${BRANCH}'],
        depends_on: ['check'],
        tags: ['phase:2'],
        on_failure: 'fallback_step',
        fallback_step: 'again',
      },
      { ...merge, id: 'again', tags: ['phase:2'] },
    ],
  },
  'with artifacts, conditions and hints for a display': {
    ...base,
    steps: [
      { ...check, provides: ['checked'], ui_hints: { group: 'merge', weight: 1 } },
      {
        ...merge,
        consumes: ['checked'],
        condition: "prev.check.status == 'success'",
        skip_if: ["env.DRY_RUN == '1'"],
        env: { DRY_RUN: '0' },
        cwd: '.',
      },
    ],
  },
};

/** A clone on a branch of its own that has left `main` behind. */
function repository(): string {
  const dir = tempDir();
  const git = (...args: string[]): void => void execFileSync('git', args, { cwd: dir, stdio: 'ignore' });
  const commit = (file: string): void => {
    writeFileSync(path.join(dir, file), file);
    git('add', '--', file);
    git('commit', '--quiet', '--message', file);
  };
  git('init', '--quiet', '--initial-branch', 'main');
  git('config', 'user.name', 'A Person');
  git('config', 'user.email', 'person@example.org');
  commit('first');
  git('checkout', '--quiet', '-b', 'feature');
  commit('own');
  git('checkout', '--quiet', 'main');
  commit('theirs');
  git('checkout', '--quiet', 'feature');
  return dir;
}

test('plans of the older engine run on its own command line, whichever of its forms they have', async () => {
  const ends = await Promise.all(
    Object.entries(variants).map(async ([name, plan]) => {
      const dir = repository();
      writeFileSync(path.join(dir, '.git', 'safe_merge.json'), JSON.stringify(plan));
      const { code, stderr } = await callCli(['run', '.git/safe_merge.json', '--input', 'BRANCH=main'], { cwd: dir });
      const files = execFileSync('git', ['ls-files'], { cwd: dir, encoding: 'utf8' });
      return [name, code, code === 0 ? '' : stderr, files] as const;
    }),
  );
  expect(ends).toEqual(Object.keys(variants).map((name) => [name, 0, '', 'first\nown\ntheirs\n']));
});
