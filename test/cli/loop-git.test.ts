import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { callCli, type CliResult } from '../support/cli.js';
import { sharedRepository } from '../support/clones.js';
import { eventually } from '../support/eventually.js';
import { loopRig, loopStatus, type LoopRig } from '../support/loop-rig.js';
import { OwnService, TAKE_OVER_MS } from '../support/own-service.js';
import { uniqueId } from '../support/plans.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

// A service of its own: its worker is killed.
const own = new OwnService();
beforeAll(() => own.up());
afterAll(() => own.down('--stop-steps'));

const GIT = 'git: {enabled: true, branch: main}\nstate_file: sync/state.json\n';

/** A loop in a clone; its prompts are committed, its agent is not of the repository. */
function rigInClone(prefix: string): {
  rig: LoopRig;
  shared: ReturnType<typeof sharedRepository>;
  call: (...args: string[]) => Promise<CliResult>;
} {
  const shared = sharedRepository();
  const clone = shared.clone('one');
  clone.write('.gitignore', '.control/\n');
  const rig = loopRig(clone.dir, uniqueId(prefix), GIT);
  clone.commit('.gitignore', '.control/\n');
  const call = (...args: string[]): Promise<CliResult> =>
    callCli(args, { cwd: rig.dir, env: { ORCH_STATE_DIR: own.state } });
  return { rig, shared, call };
}
const subjects = (shared: ReturnType<typeof sharedRepository>, name: string): string[] =>
  shared.clone(name).git('log', '--format=%s%x09%(trailers:key=Orch-Run,valueonly)').trim().split(/\n+/);

test('after each turn its work is committed with its name and pushed; the other machine’s work is taken over before', async () => {
  const { rig, shared, call } = rigInClone('git');
  const two = shared.clone('two');
  rig.inTurn('iter-00001.supervisor', 'echo "build it" > input.md');
  rig.inTurn(
    'iter-00001.main',
    `cat input.md docs/two.md > seen.txt; git add seen.txt; git -c user.name=a -c user.email=a@b commit -q -m 'main: seen'`,
  );
  two.commit('docs/two.md', 'from two\n');
  const { code, stderr } = await call('loop', '--id', rig.id, '--max-iterations', '1');
  expect([code, stderr]).toEqual([0, expect.stringContaining('success iteration 1 main')]);
  expect(subjects(shared, 'result').slice(0, 3)).toEqual([
    `RALPH AUTO (prompt=main) (iter=00001): doc/meta hygiene — tests: not run\t${rig.id}/iter-00001.main`,
    'main: seen\t',
    `SUPERVISOR AUTO (prompt=supervisor) (iter=00001): doc/meta hygiene — tests: not run\t${rig.id}/iter-00001.supervisor`,
  ]);
  expect(readFileSync(path.join(rig.dir, 'seen.txt'), 'utf8')).toBe('build it\nfrom two\n');
});

test('a source file that a turn has left uncommitted stops the loop; once it is committed, the turn is not run again', async () => {
  const { rig, shared, call } = rigInClone('dirty');
  rig.inTurn('iter-00001.supervisor', 'echo "print(2)" > src/code.py');
  const failed = await call('loop', '--id', rig.id, '--max-iterations', '1');
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain('supervisor.md, publish: git_dirty\n');
  expect(failed.stdout).toContain('src/code.py (no rule covers it)');
  execFileSync('git', ['-c', 'user.name=me', '-c', 'user.email=me@here', 'commit', '-qam', 'mine'], { cwd: rig.dir });
  const resumed = await call('loop', 'resume', rig.id);
  expect(resumed.stderr).toContain('supervisor, whose work is published without running it again');
  expect((await call('loop', 'watch', rig.id)).code).toBe(0);
  expect(rig.starts()).toEqual(['iter-00001.supervisor supervisor.md', 'iter-00001.main main.md']);
  expect(subjects(shared, 'result')).toContain('mine\t');
});

test('kill -9 of the worker between commit and push: one commit, one push, and the agent is not run again', async () => {
  const { rig, shared, call } = rigInClone('killed');
  rig.inTurn('iter-00001.supervisor', 'echo "build it" > input.md');
  // The commit is made, and git does not come back from it until the test says so.
  const hook = path.join(rig.dir, '.git', 'hooks', 'post-commit');
  const held = path.join(rig.control, 'held');
  writeFileSync(
    hook,
    `#!/bin/sh\n[ -e '${held}' ] && exit 0\n: > '${held}'\nuntil [ -e '${rig.control}/go' ]; do sleep 0.05; done\n`,
    {
      mode: 0o755,
    },
  );
  await call('loop', 'start', '--id', rig.id, '--max-iterations', '1');
  await eventually('the commit is made', () => existsSync(held), TAKE_OVER_MS);
  expect(subjects(shared, 'before').filter((line) => line.includes('AUTO'))).toEqual([]);
  await own.killWorker();
  expect((await call('up')).code).toBe(0);
  const { code } = await call('loop', 'watch', rig.id);
  rig.open('go');
  expect(code).toBe(0);
  expect(rig.starts()).toEqual(['iter-00001.supervisor supervisor.md', 'iter-00001.main main.md']);
  const published = subjects(shared, 'after').filter((line) => line.endsWith(`${rig.id}/iter-00001.supervisor`));
  expect(published).toHaveLength(1);
});

test('a push that fails stops the loop after the turn; resume only pushes', async () => {
  const { rig, shared, call } = rigInClone('push');
  rig.inTurn('iter-00001.main', 'echo done > input.md');
  const hook = path.join(shared.bare, 'hooks', 'pre-receive');
  rig.inTurn('iter-00001.supervisor', `printf '#!/bin/sh\\nexit 1\\n' > '${hook}'; chmod +x '${hook}'`);
  const failed = await call('loop', '--id', rig.id, '--max-iterations', '1');
  expect([failed.code, failed.stdout]).toEqual([
    1,
    expect.stringContaining('supervisor.md, publish: git_push_rejected'),
  ]);
  expect((await loopStatus(call, rig.id)).view).toMatchObject({ iteration: 1, role: 'supervisor' });
  writeFileSync(hook, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  await call('loop', 'resume', rig.id);
  expect((await call('loop', 'watch', rig.id)).code).toBe(0);
  expect(rig.starts()).toEqual(['iter-00001.supervisor supervisor.md', 'iter-00001.main main.md']);
  const published = subjects(shared, 'result').filter((line) => line.includes('AUTO'));
  // That it has failed stands in the state file, which the first turn after it commits before it begins.
  expect(published.map((line) => line.split('	')[1])).toEqual([
    `${rig.id}/iter-00001.main`,
    `${rig.id}/iter-00001.main.before`,
    `${rig.id}/iter-00001.supervisor`,
  ]);
});
