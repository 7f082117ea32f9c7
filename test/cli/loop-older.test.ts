// What users of the older loops rely on: where a loop begins, whose it is, what its state file says, and their flags.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { callCli, type CliResult } from '../support/cli.js';
import { sharedRepository } from '../support/clones.js';
import { eventually } from '../support/eventually.js';
import { fakeAgents } from '../support/fake-agents.js';
import { loopRig, loopStatus, type LoopRig } from '../support/loop-rig.js';
import { OwnService } from '../support/own-service.js';
import { uniqueId } from '../support/plans.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const own = new OwnService();
beforeAll(() => own.up());
afterAll(() => own.down('--stop-steps'));

const GIT = 'git: {enabled: true, branch: main}\n';
const one = ['--max-iterations', '1'];

interface Place {
  rig: LoopRig;
  call: (...args: string[]) => Promise<CliResult>;
  state: () => Record<string, unknown>;
}

function placeOf(prefix: string, config = '', dir = path.join(own.dir, uniqueId('dir'))): Place {
  const rig = loopRig(dir, uniqueId(prefix), config);
  const env = { ORCH_STATE_DIR: own.state, PATH: fakeAgents(rig.control).PATH };
  return {
    rig,
    call: (...args) => callCli(args, { cwd: rig.dir, env }),
    state: () => JSON.parse(readFileSync(path.join(dir, 'sync/state.json'), 'utf8')) as Record<string, unknown>,
  };
}

/** Clones of one repository, each with the loop's files in it. */
function clonesOf(prefix: string, count: number): { places: Place[]; log: () => string[] } {
  const shared = sharedRepository();
  const first = shared.clone('one');
  const places = [placeOf(prefix, GIT, first.dir)];
  first.commit('.gitignore', '.control/\norchestration.yaml\n');
  for (let n = 1; n < count; n += 1) places.push(placeOf(prefix, GIT, shared.clone(`clone-${n}`).dir));
  const log = (): string[] =>
    shared
      .clone(uniqueId('log'))
      .git('log', '--format=%(trailers:key=Orch-Run,valueonly)')
      .split('\n')
      .filter((line) => line !== '');
  return { places, log };
}

describe('a loop that is begun anew', () => {
  test('has prompts, folders, sessions and commits of its own', async () => {
    const { places, log } = clonesOf('anew', 1);
    const { rig, call } = places[0]!;
    rig.inTurn('iter-00001.supervisor', 'echo "$name" > input.md; echo "$ORCH_ATTEMPT of $ORCH_RUN_DIR"');
    expect((await call('loop', '--id', rig.id, ...one)).code).toBe(0);
    rig.write('prompts/supervisor.md', 'another one\nDo it.\n');
    expect((await call('loop', '--id', rig.id, ...one, '--fresh')).code).toBe(0);
    rig.write('prompts/supervisor.md', 'a third one\nDo it.\n');
    rig.write('old.json', '{"iteration": 1, "expected_actor": "galph", "status": "idle"}');
    await call(
      'loop',
      'import-state',
      'old.json',
      '--id',
      rig.id,
      ...one,
      '--set',
      'doc_whitelist=old.json,**/*.md,.gitignore',
    );
    expect((await call('loop', 'watch', rig.id)).code).toBe(0);
    expect(rig.starts().filter((line) => line.startsWith('iter-00001.supervisor'))).toEqual([
      'iter-00001.supervisor supervisor.md',
      'iter-00001.supervisor another one',
      'iter-00001.supervisor a third one',
    ]);
    const commits = log().filter((line) => /\/iter-00001\.supervisor(?:~\w+)?$/.test(line));
    expect(commits).toHaveLength(3);
    expect(new Set(commits).size).toBe(3);
    expect(readFileSync(path.join(rig.dir, 'input.md'), 'utf8')).toBe('a third one\n');
  });
});

describe('two machines', () => {
  test('have one loop of a repository and branch, wherever it is started', async () => {
    const { places } = clonesOf('same', 2);
    const [here, there] = [places[0]!, places[1]!];
    here.rig.inTurn('iter-00001.supervisor', `until [ -e '${here.rig.control}/go' ]; do sleep 0.02; done`);
    const { stdout } = await here.call('loop', 'start', ...one);
    const id = stdout.trim();
    const second = await there.call('loop', 'start', ...one);
    expect([second.code, second.stderr]).toEqual([2, expect.stringContaining(`The loop '${id}' is already running`)]);
    expect((await there.call('loop', 'status')).stdout).toContain(id);
    here.rig.open('go');
    expect((await there.call('loop', 'watch')).code).toBe(0);
    expect(there.rig.starts()).toEqual([]);
  });

  test('a state file that has come by git and is further is refused, and then taken over; never written over', async () => {
    const { places } = clonesOf('ahead', 2);
    const [here, there] = [places[0]!, places[1]!];
    expect((await here.call('loop', '--id', here.rig.id, ...one)).code).toBe(0);
    const begun = await there.call('loop', '--id', there.rig.id, ...one);
    expect([begun.code, begun.stdout]).toEqual([1, expect.stringContaining('supervisor.md, turn: state_ahead\n')]);
    expect(begun.stdout).toContain(`sync/state.json is of the loop ${here.rig.id}@`);
    expect(there.rig.starts()).toEqual([]);
    expect(there.state()).toMatchObject({ iteration: 2, status: 'complete' });
    const again = await there.call('loop', '--id', there.rig.id, ...one);
    expect([again.code, again.stderr]).toEqual([
      0,
      expect.stringContaining('continues at iteration 2, supervisor, where sync/state.json stands'),
    ]);
    expect(there.rig.starts()).toEqual(['iter-00002.supervisor supervisor.md', 'iter-00002.main main.md']);
  });
});

describe('the state file', () => {
  test('is there without being asked for, and says that the loop failed: after a router, a prompt and git', async () => {
    const { rig, call, state } = placeOf('failed', 'router: {enabled: true, prompt: router.md}\n');
    const first = await call('loop', '--id', rig.id, ...one);
    expect([first.code, first.stdout]).toEqual([1, expect.stringContaining('router: router_not_allowed')]);
    expect(state()).toMatchObject({ iteration: 1, expected_actor: 'galph', status: 'failed' });

    const prompt = placeOf('prompt');
    prompt.rig.inTurn('iter-00001.supervisor', `rm '${prompt.rig.dir}/prompts/main.md'`);
    expect((await prompt.call('loop', '--id', prompt.rig.id, ...one)).code).toBe(1);
    expect(prompt.state()).toMatchObject({ iteration: 1, expected_actor: 'ralph', status: 'failed' });

    const { places } = clonesOf('git', 1);
    const git = places[0]!;
    git.rig.inTurn('iter-00001.supervisor', 'echo "print(2)" > src/code.py');
    const dirty = await git.call('loop', '--id', git.rig.id, ...one);
    expect([dirty.code, dirty.stdout]).toEqual([1, expect.stringContaining('publish: git_dirty')]);
    expect(git.state()).toMatchObject({ iteration: 1, status: 'failed' });
  });

  test('a text that says true ends the loop', async () => {
    const { rig, call } = placeOf('exit');
    rig.inTurn('iter-00001.supervisor', `printf '{"exit": "true", "exit_reason": "enough"}' > sync/state.json`);
    const { code, stdout } = await call('loop', '--id', rig.id, '--max-iterations', '3');
    expect([code, stdout]).toEqual([0, expect.stringContaining('stopped: enough\n')]);
    expect((await call('loop', '--id', rig.id)).stderr).toContain('sync/state.json asks the loop to stop: enough');
  });
});

describe('what older loops could', () => {
  test('with git and without a remote it commits here, and only warns of stray files', async () => {
    const clone = sharedRepository().clone('local');
    const { rig, call } = placeOf('local', 'git: {enabled: true}\n', clone.dir);
    clone.commit('.gitignore', '.control/\n', false);
    clone.git('remote', 'remove', 'origin');
    rig.inTurn('iter-00001.supervisor', 'echo "build it" > input.md; echo "print(2)" > src/code.py');
    const { code, stdout } = await call('loop', '--id', rig.id, ...one);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('warning: iter-00001.supervisor: left uncommitted: src/code.py (no rule covers it)\n'),
    ]);
    expect(clone.git('log', '--format=%s')).toContain('SUPERVISOR AUTO (prompt=supervisor) (iter=00001)');
  });

  test('--branch is heeded without git, before anything runs and in each turn', async () => {
    const clone = sharedRepository().clone('branch');
    const { rig, call } = placeOf('branch', '', clone.dir);
    const other = await call('loop', '--id', rig.id, ...one, '--branch', 'other');
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining('is on the branch main, and the loop works on other only'),
    ]);
    rig.inTurn('iter-00001.supervisor', 'git checkout -q -b elsewhere');
    const main = await call('loop', '--id', rig.id, ...one, '--branch', 'main');
    expect([main.code, main.stdout]).toEqual([1, expect.stringContaining('main.md, turn: git_branch')]);
  });

  test('it begins with the prompt that was named, and ends with the code of the agent where that is wanted', async () => {
    const { rig, call } = placeOf('start');
    rig.inTurn('iter-00001.main', 'exit 7');
    const { code } = await call('loop', '--id', rig.id, ...one, '--start-prompt', 'main', '--agent-exit-code');
    expect([code, rig.starts()]).toEqual([7, ['iter-00001.main main.md']]);
  });

  test('an old flag says what does it now', async () => {
    const { call } = placeOf('flags');
    const said = async (...args: string[]): Promise<unknown> => {
      const { code, stderr } = await call('loop', ...args);
      return [code, stderr];
    };
    expect(await said('--sync-loops', '3')).toEqual([
      2,
      "error: unknown option '--sync-loops'\n  hint: it is --max-iterations now\n",
    ]);
    expect(await said('run', '--poll-interval=5')).toEqual([
      2,
      "error: unknown option '--poll-interval=5'\n  hint: leave it out: nobody polls, each role waits for its turn\n",
    ]);
  });

  test('an agent that hangs after it has written its marker has ended its turn', async () => {
    const { rig, call } = placeOf('marker');
    rig.write('prompts/main.md', 'main.md\nFAKE write engineer_summary.md built it\nFAKE wait never\n');
    const flags = ['--agent', 'claude', '--completion-marker', 'engineer_summary.md'];
    const { code, stderr } = await call('loop', '--id', rig.id, ...one, ...flags);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/success iteration 1 main .*built it\n/)]);
  });
});

test('the verdict of a review speaks of the work; where it is to end the loop, it does', async () => {
  const review = 'workflow: {name: review_cadence, review_every_n: 1}\n';
  const run = async (config: string): Promise<[number | null, string]> => {
    const { rig, call } = placeOf('review', `${review}${config}`);
    rig.write('prompts/reviewer.md', 'reviewer.md\nFAKE say looked at it\nFAKE verdict FAIL the work is bad\n');
    const { code, stderr, stdout } = await call('loop', '--id', rig.id, ...one, '--agent', 'claude');
    return [code, `${stderr}${stdout}`];
  };
  expect(await run('')).toEqual([
    0,
    expect.stringMatching(
      /success iteration 1 supervisor reviewer\.md \(claude\) [^\n]*it says fail of the work: the work is bad\n/,
    ),
  ]);
  expect(await run('verdicts: all\n')).toEqual([1, expect.stringContaining('the agent says fail: the work is bad')]);
});

test('turns tell what they have cost, and a loop that no worker serves says how to start one', async () => {
  const { rig, call } = placeOf('costs');
  const { code, stderr } = await call('loop', '--id', rig.id, ...one, '--agent', 'claude');
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/success iteration 1 main {7}main\.md \(claude\) [\d.]+s \$0\.01, 100 tokens {2}/),
  ]);
  expect(stderr).not.toContain('"type"');
  rig.inTurn('iter-00002.supervisor', `until [ -e '${rig.control}/go' ]; do sleep 0.02; done`);
  await call('loop', 'start', '--id', rig.id, ...one);
  await eventually('it runs', async () => (await loopStatus(call, rig.id)).view?.phase === 'turn', 60_000);
  await own.killWorker();
  const shown = await call('loop', 'status', rig.id);
  expect(shown.stdout).toContain('no worker answers; `orch up` or `orch worker` starts one');
  rig.open('go');
  expect(existsSync(path.join(rig.control, 'go'))).toBe(true);
});
