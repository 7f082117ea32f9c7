import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPO, runCli } from '../support/cli.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'orch-examples-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the examples', () => {
  it.each([
    'examples/quickstart.yaml',
    'examples/test-gate.yaml',
    'examples/safe-merge/safe-merge.yaml',
    'examples/docs-restore/docs-restore.yaml',
    'examples/release/release.yaml',
    'examples/release/package.yaml',
  ])('%s is valid, without a warning', async (plan) => {
    const { code, stdout } = await runCli(['validate', plan, '--strict', '--json']);
    expect(stdout).toContain('"diagnostics": []');
    expect(code).toBe(0);
  });

  it('the plan in the README is valid', async () => {
    const [, plan] = /```yaml\n(plan_id:[\s\S]*?)```/.exec(readFileSync(path.join(REPO, 'README.md'), 'utf8'))!;
    const file = path.join(folder, 'release.yaml');
    writeFileSync(file, plan!);
    const { code, stdout } = await runCli(['validate', file, '--strict', '--json']);
    expect(stdout).toContain('"diagnostics": []');
    expect(code).toBe(0);
  });

  it('the quickstart runs anywhere, and shows a retry', async () => {
    const { code, stdout, stderr } = await runCli(
      ['run', path.join(REPO, 'examples/quickstart.yaml'), '--input', 'WORDS=50', '--json'],
      { cwd: folder },
    );
    expect(code, stderr).toBe(0);
    const run = JSON.parse(stdout) as { run_id: string; steps: { id: string; status: string; attempts: number }[] };
    expect(run.steps.map(({ id, status, attempts }) => `${id} ${status} ${attempts}`)).toEqual([
      'prepare success 1',
      'count-words success 1',
      'longest-word success 1',
      'checksum success 2',
      'join success 0',
      'report success 1',
    ]);
    const report = readFileSync(path.join(folder, '.orch/quickstart', run.run_id, 'report.txt'), 'utf8');
    expect(report).toContain('Longest word: history\n');
    expect(report.match(/^ +\d+ [a-z]+$/gm)).toHaveLength(8);
  });

  it('the release runs one plan for each package, and hands out its notes', async () => {
    const plan = path.join(REPO, 'examples/release/release.yaml');
    const { code, stdout, stderr } = await runCli(['run', plan, '--json'], { cwd: folder });
    expect(code, stderr).toBe(0);
    const run = JSON.parse(stdout) as { run_id: string; outputs: { notes: string }; steps: { sub_runs: string[] }[] };
    expect(run.steps[0]!.sub_runs.toSorted()).toEqual([0, 1, 2].map((index) => `${run.run_id}.package[${index}]`));
    expect(run.outputs).toEqual({ notes: `.orch/release/${run.run_id}/notes.txt` });
    expect(readFileSync(path.join(folder, run.outputs.notes), 'utf8')).toBe(
      'archives: ["core.tar","web.tar","docs.tar"]\nbytes: [10240,10240,10240]\n',
    );
  });
});
