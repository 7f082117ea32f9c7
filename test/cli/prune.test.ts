import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { callCli, startCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { fakeAgents } from '../support/fake-agents.js';
import { loopRig } from '../support/loop-rig.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

const dir = tempDir();
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd, encoding: 'utf8' });

test('removes the folders of runs that ended long ago, never of one that is open', async () => {
  const state = tempDir();
  const orch = (...args: string[]): Promise<CliResult> => callCli(args, { cwd: dir, env: { ORCH_STATE_DIR: state } });
  const folder = (id: string): string => path.join(state, 'runs', id);
  const [old, failed, fresh, open] = ['old', 'failed', 'fresh', 'open'].map(uniqueId) as [
    string,
    string,
    string,
    string,
  ];
  const gate = `until [ -e go ]; do sleep 0.05; done`;
  await orch('run', writePlan(dir, { steps: [{ id: 'a', command: 'echo hello', shell: true }] }), '--id', old);
  await orch('run', writePlan(dir, { steps: [{ id: 'a', command: 'false' }] }), '--id', failed);
  await orch('run', writePlan(dir, { steps: [{ id: 'a', command: 'true' }] }), '--id', fresh);
  const running = startCli(
    ['run', writePlan(dir, { steps: [{ id: 'a', command: gate, shell: true }] }), '--id', open],
    {
      cwd: dir,
      env: { ORCH_STATE_DIR: state },
    },
  );
  await eventually('the open run has a record', () => existsSync(path.join(folder(open), 'manifest.json')));
  for (const id of [old, failed, open]) age(folder(id));
  const outside = path.join(dir, 'outside');
  writeFileSync(outside, 'kept');
  symlinkSync(dir, path.join(folder(old), 'link'));
  mkdirSync(folder('by-hand'));

  const dry = await orch('prune', '--older-than', '30d', '--dry-run');
  expect(dry.stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(['RUN', ...[old, failed].sort(), '']);
  expect(dry.stderr).toMatch(/^2 runs would be removed, \d+\.\d kB\n$/);
  const kept = await orch('prune', '--older-than', '30d', '--keep-failed', '--json');
  expect(JSON.parse(kept.stdout)).toMatchObject({ dry_run: false, runs: [{ run_id: old, status: 'succeeded' }] });
  expect([old, failed, fresh, open, 'by-hand'].map((id) => existsSync(folder(id)))).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
  expect(readFileSync(outside, 'utf8')).toBe('kept');
  expect((await orch('prune', '--older-than', '30d')).stderr).toMatch(/^1 run removed, \d+\.\d kB freed\n$/);
  expect(existsSync(folder(failed))).toBe(false);
  writeFileSync(path.join(dir, 'go'), '');
  expect((await running.ended).code).toBe(0);

  const loop = loopRig(tempDir(), uniqueId('loop'));
  const env = { ORCH_STATE_DIR: state };
  await callCli(['loop', 'run', '--id', loop.id, '--max-iterations', '1'], { cwd: loop.dir, env });
  expect(existsSync(folder(loop.id))).toBe(true);
  await eventually('the loop, which has no manifest, is removed, too', async () => {
    await orch('prune', '--older-than', '1s');
    return !existsSync(folder(loop.id));
  });
  await orch('down');
});

test('removes what steps have left of worktrees where all of it is committed, else keeps the run with it', async () => {
  const state = tempDir();
  const repo = path.join(tempDir(), 'repo "1"');
  mkdirSync(repo);
  git(repo, 'init', '-q', '-b', 'main');
  git(repo, 'commit', '-qm', 'first', '--allow-empty');
  const fakes = fakeAgents(dir);
  const orch = (...args: string[]): Promise<CliResult> =>
    callCli(args, { cwd: repo, env: { ORCH_STATE_DIR: state, PATH: fakes.PATH } });
  const [dirty, clean] = [uniqueId('dirty'), uniqueId('clean')];
  const prompts = { [dirty]: 'FAKE write made.txt x\nFAKE verdict FAIL no', [clean]: 'FAKE verdict FAIL no' };
  for (const [id, prompt] of Object.entries(prompts)) {
    const action = { type: 'agent', agent: 'codex', prompt, worktree: true };
    await orch('run', writePlan(dir, { globals: { cwd: repo }, steps: [{ id: 'a', step_def: action }] }), '--id', id);
    age(path.join(state, 'runs', id));
  }
  const tree = (id: string): string => path.join(state, 'worktrees', id, 'a');
  expect([existsSync(path.join(tree(dirty), 'made.txt')), existsSync(tree(clean))]).toEqual([true, true]);

  const why = `${dirty} would be kept for its worktree ${tree(dirty)}: 1 file is not committed\n`;
  const dry = await orch('prune', '--older-than', '30d', '--dry-run');
  expect(dry.stderr).toMatch(/^1 run would be removed, /);
  expect(dry.stderr.split('\n').slice(1).join('\n')).toBe(why);
  expect(existsSync(tree(clean))).toBe(true);

  const first = JSON.parse((await orch('prune', '--older-than', '30d', '--json')).stdout) as object;
  expect(first).toMatchObject({
    runs: [{ run_id: clean }],
    kept: [{ run_id: dirty, worktrees: [{ folder: tree(dirty), reason: '1 file is not committed' }] }],
  });
  expect([existsSync(path.dirname(tree(clean))), existsSync(path.join(tree(dirty), 'made.txt'))]).toEqual([
    false,
    true,
  ]);

  git(tree(dirty), 'add', '.');
  git(tree(dirty), 'commit', '-qm', 'kept');
  expect((await orch('prune', '--older-than', '30d')).stderr).toMatch(/^1 run removed, /);
  expect([existsSync(tree(dirty)), existsSync(path.join(state, 'runs', dirty))]).toEqual([false, false]);
  expect(git(repo, 'worktree', 'list').trim().split('\n')).toHaveLength(1);
  expect(git(repo, 'log', '-1', '--format=%s', `orch/${dirty}/a`)).toBe('kept\n');
  await orch('down');
});

/** Makes a record say that all of it was long ago; the open run's service knows better than its files. */
function age(folder: string): void {
  const file = path.join(folder, 'manifest.json');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/"20\d\d-\d\d-\d\dT/g, '"2020-01-01T'));
}

test.each(['30', 'd', '-3d', '0d', '1e9d', '30 d', '30days', '', '99999w', 'NaNd'])(
  'refuses %j as a duration',
  async (text) => {
    const result = await callCli(['prune', '--older-than', text], { cwd: dir, env: { ORCH_STATE_DIR: tempDir() } });
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('not a valid duration') });
  },
);
