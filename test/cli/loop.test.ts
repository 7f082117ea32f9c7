import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { callCli, sharedStateDir, startCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { loopRig, loopStatus, wanted, type LoopRig } from '../support/loop-rig.js';
import { tempDir, uniqueId } from '../support/plans.js';

const orch = (...args: string[]): Promise<CliResult> => callCli(args);
const rigOf = (prefix: string, config = ''): LoopRig => loopRig(tempDir(), uniqueId(prefix), config);
const run = (rig: LoopRig, ...args: string[]): Promise<CliResult> =>
  callCli(['loop', 'run', '--id', rig.id, ...args], { cwd: rig.dir });
const start = (rig: LoopRig, ...args: string[]): Promise<CliResult> => run(rig, '--detach', ...args);
const waitIn = (rig: LoopRig, file: string): string => `until [ -e '${rig.control}/${file}' ]; do sleep 0.02; done`;

describe('a plain loop', () => {
  test('both roles take turns, the supervisor first, for as many iterations as were asked for', async () => {
    const rig = rigOf('plain');
    const { code, stdout, stderr } = await run(rig, '--max-iterations', '3');
    expect([code, stdout]).toEqual([0, `${rig.id} completed (6 turns)\n`]);
    expect(rig.starts()).toEqual(wanted(1, 3));
    const shown = await orch('status', rig.id);
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining(`${rig.id} completed (6 turns)\n`)]);
    const watched = await orch('watch', rig.id);
    expect([watched.code, watched.stdout]).toEqual([0, stdout]);
    const asRun = await orch('explain', rig.id, 'a');
    expect([asRun.code, asRun.stderr]).toEqual([2, expect.stringContaining(`'${rig.id}' is not a run of a plan`)]);
    expect(stderr).toMatch(
      /success iteration 1 supervisor {1}supervisor\.md \(fake\) \d+\.\ds {2}did supervisor\.md\n/,
    );
    expect(stderr).toMatch(/success iteration 3 main {7}main\.md \(fake\) \d+\.\ds {2}did main\.md\n/);
  });

  test('each turn has its prompt and its logs in the folder of the loop, and the loop a log of its decisions', async () => {
    const rig = rigOf('logs');
    await run(rig, '--max-iterations', '1');
    const folder = path.join(sharedStateDir(), 'runs', rig.id);
    const text = (...names: string[]): string => readFileSync(path.join(folder, ...names), 'utf8');
    expect(text('steps', 'iter-00001.main', '1', 'prompt.md')).toBe('main.md\nDo it.\n');
    expect(text('steps', 'iter-00001.main', '1', 'stdout.log')).toBe('did main.md\n');
    expect(text('loop.log').split('\n')).toEqual([
      '[router] iteration=1 actor=galph prompt=supervisor.md source=sequence reason=turn of supervisor [iter-00001.supervisor/1]',
      '[agent] role=galph prompt=supervisor.md agent=fake [iter-00001.supervisor/1]',
      '[router] iteration=1 actor=ralph prompt=main.md source=sequence reason=turn of main [iter-00001.main/1]',
      '[agent] role=ralph prompt=main.md agent=fake [iter-00001.main/1]',
      '',
    ]);
  });

  test('one that has made its iterations is gone on with by another start, and begun anew with --fresh', async () => {
    const rig = rigOf('again');
    await run(rig, '--max-iterations', '1');
    const refused = await orch('loop', 'resume', rig.id);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('has made all its iterations: 1 was the last'),
    ]);
    const { stderr } = await run(rig, '--max-iterations', '2');
    expect(stderr).toContain('continues at iteration 2, supervisor\n');
    await run(rig, '--max-iterations', '1', '--fresh');
    expect(rig.starts()).toEqual([...wanted(1, 3), ...wanted(1, 1)]);
    const listed = JSON.parse((await orch('loop', 'list', '--json')).stdout) as { loop_id: string }[];
    expect(listed.filter(({ loop_id }) => loop_id === rig.id)).toEqual([
      expect.objectContaining({ service_status: 'completed', folder: rig.dir }),
    ]);
  });

  test('a second start while it runs says so', async () => {
    const rig = rigOf('twice');
    rig.inTurn('iter-00001.main', waitIn(rig, 'go'));
    await start(rig, '--max-iterations', '1');
    const again = await start(rig);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining(`The loop '${rig.id}' is already running`)]);
    rig.open('go');
    expect((await orch('loop', 'watch', rig.id)).code).toBe(0);
  });
});

describe('failure', () => {
  test('stops at once with actor, prompt, exit code and log path; resume repeats the same step and nothing else', async () => {
    const rig = rigOf('fails');
    rig.inTurn('iter-00002.main', `[ -e '${rig.control}/mended' ] || { echo 'it broke' >&2; exit 7; }`);
    const failed = await run(rig, '--max-iterations', '3');
    expect(failed.code).toBe(1);
    const { failure, iteration, role } = (await loopStatus(orch, rig.id)).view!;
    expect([iteration, role]).toEqual([2, 'main']);
    const logs = path.join(sharedStateDir(), 'runs', rig.id, 'steps', 'iter-00002.main', '1');
    expect(failure).toEqual({
      iteration: 2,
      role: 'main',
      actor: 'ralph',
      phase: 'turn',
      prompt: 'main.md',
      reason: 'agent_failed',
      message: 'it exited with code 7: it broke',
      exit_code: 7,
      log_dir: logs,
    });
    expect(failed.stdout).toBe(
      `${rig.id} failed (3 turns)
  iteration 2, main (ralph), main.md, turn: agent_failed, exit code 7
  it exited with code 7: it broke
  logs  ${logs}
  next is iteration 2, main:  orch loop resume ${rig.id}
`,
    );
    expect(rig.starts()).toEqual(wanted(1, 2)); // no retry

    rig.open('mended');
    expect((await orch('loop', 'resume', rig.id)).stderr).toBe(`${rig.id}: continues at iteration 2, main\n`);
    expect((await orch('loop', 'watch', rig.id)).code).toBe(0);
    expect(rig.starts()).toEqual([...wanted(1, 2), 'iter-00002.main main.md', ...wanted(3, 3)]);
    expect(existsSync(path.join(logs, '..', '2', 'stdout.log'))).toBe(true);
  });

  test('another `orch loop` continues at the expected step too: the supervisor is not run again', async () => {
    const rig = rigOf('restart');
    rig.inTurn('iter-00001.main', `[ -e '${rig.control}/mended' ] || exit 1`);
    expect((await run(rig, '--max-iterations', '1')).code).toBe(1);
    rig.open('mended');
    expect((await run(rig, '--max-iterations', '1')).code).toBe(0);
    expect(rig.starts()).toEqual([...wanted(1, 1), 'iter-00001.main main.md']);
  });

  test('a prompt that vanished, and one that is empty, end the loop with their names', async () => {
    const rig = rigOf('vanished');
    rig.inTurn('iter-00001.supervisor', `rm '${rig.dir}/prompts/main.md'`);
    const gone = await run(rig, '--max-iterations', '1');
    expect([gone.code, gone.stdout]).toEqual([1, expect.stringContaining('there is no prompt prompts/main.md')]);
    rig.write('prompts/main.md', ' \n');
    expect((await run(rig, '--max-iterations', '1')).stdout).toContain('prompts/main.md is empty');
    expect(rig.starts()).toEqual(['iter-00001.supervisor supervisor.md']);
  });

  test('a question of the agent waits for a person: the loop stops and shows it', async () => {
    const rig = rigOf('question');
    rig.inTurn('iter-00001.supervisor', 'echo "VERDICT: QUESTION which database?"; exit 0');
    const { code, stdout } = await run(rig, '--max-iterations', '1');
    expect([code, stdout]).toEqual([1, expect.stringContaining('the agent asks: which database?')]);
  });
});

describe('the router', () => {
  const ROUTER = 'router: {enabled: true, prompt: router.md}\n';

  test('combined sequence: asked once per iteration, it overrides the first turn only', async () => {
    const rig = rigOf('routed', ROUTER);
    rig.inTurn('iter-00001.supervisor.router', 'echo reviewer.md; exit 0');
    rig.inTurn('iter-00002.supervisor.router', 'echo supervisor; exit 0');
    expect((await run(rig, '--max-iterations', '2')).code).toBe(0);
    expect(rig.starts()).toEqual([
      'iter-00001.supervisor.router router.md',
      'iter-00001.supervisor reviewer.md',
      'iter-00001.main main.md',
      'iter-00002.supervisor.router router.md',
      'iter-00002.supervisor supervisor.md',
      'iter-00002.main main.md',
    ]);
    const { recent_turns } = await loopStatus(orch, rig.id);
    expect(recent_turns.map(({ decision }) => decision)).toEqual([
      'router: the router answered reviewer.md instead of supervisor.md',
      'role: turn of main',
      'role: turn of supervisor; the router agrees',
      'role: turn of main',
    ]);
  });

  test.each([
    ['nothing at all', ':', 'router_output_empty', 'the router answered nothing (0 bytes: "")'],
    ['two lines', 'printf "main.md\\nmain.md\\n"', 'router_output_lines', 'answered 2 lines'],
    [
      'a name that is not allowed',
      'echo other.md',
      'router_not_allowed',
      '"other.md"; allowed are supervisor.md, main.md, reviewer.md',
    ],
    ['the prompt of main', 'echo main.md', 'router_wrong_role', 'the prompt of the main for the supervisor: "main.md"'],
  ])('an answer of %s stops the loop and is shown', async (_, script, reason, shown) => {
    const rig = rigOf('bad-router', ROUTER);
    rig.inTurn('iter-00001.supervisor.router', `${script}; exit 0`);
    const { code, stdout } = await run(rig, '--max-iterations', '1');
    expect([code, stdout]).toEqual([1, expect.stringContaining(shown)]);
    expect(stdout).toContain(`router.md, router: ${reason}\n`);
    expect(rig.starts()).toEqual(['iter-00001.supervisor.router router.md']);
  });

  test('a router prompt that fails stops the loop', async () => {
    const rig = rigOf('router-fails', ROUTER);
    rig.inTurn('iter-00001.supervisor.router', 'exit 3');
    const { code, stdout } = await run(rig, '--max-iterations', '1');
    expect([code, stdout]).toEqual([1, expect.stringContaining('router.md, router: agent_failed, exit code 3')]);
  });

  test('a turn that failed is repeated with the prompt that was chosen: the router is not asked again', async () => {
    const rig = rigOf('router-kept', ROUTER);
    rig.inTurn('iter-00001.supervisor.router', 'echo reviewer.md; exit 0');
    rig.inTurn('iter-00001.supervisor', `[ -e '${rig.control}/mended' ] || exit 1`);
    expect((await run(rig, '--max-iterations', '1')).code).toBe(1);
    rig.open('mended');
    expect((await run(rig, '--max-iterations', '1')).code).toBe(0);
    expect(rig.starts()).toEqual([
      'iter-00001.supervisor.router router.md',
      'iter-00001.supervisor reviewer.md',
      'iter-00001.supervisor reviewer.md',
      'iter-00001.main main.md',
    ]);
  });

  test('review cadence: exactly one review in every second iteration', async () => {
    const rig = rigOf('cadence', 'workflow: {name: review_cadence, review_every_n: 2}\n');
    expect((await run(rig, '--max-iterations', '4')).code).toBe(0);
    const reviews = rig.starts().filter((line) => line.endsWith(' reviewer.md'));
    expect(reviews).toEqual(['iter-00002.supervisor reviewer.md', 'iter-00004.supervisor reviewer.md']);
    expect(rig.starts()).toHaveLength(8);
  });
});

describe('steering', () => {
  test('stop ends the loop after the turn that runs, with the reason; resume goes on', async () => {
    const rig = rigOf('stop');
    rig.inTurn('iter-00001.supervisor', waitIn(rig, 'go'));
    await start(rig, '--max-iterations', '2');
    await eventually('the turn runs', () => rig.starts().length === 1);
    const stopped = await orch('loop', 'stop', rig.id, '--reason', 'for lunch');
    expect(stopped.stderr).toBe(`${rig.id}: stop requested; it ends after the current turn\n`);
    rig.open('go');
    const { code, stdout } = await orch('loop', 'watch', rig.id);
    expect([code, stdout]).toEqual([
      0,
      `${rig.id} stopped (1 turn)\n  stopped: for lunch\n  next is iteration 1, main:  orch loop resume ${rig.id}\n`,
    ]);
    await orch('loop', 'resume', rig.id);
    expect((await orch('loop', 'watch', rig.id)).code).toBe(0);
    expect(rig.starts()).toEqual(wanted(1, 2));
  });

  test('stop --now ends the turn that runs; it is taken again later', async () => {
    const rig = rigOf('stop-now');
    rig.inTurn('iter-00001.supervisor', `[ -e '${rig.control}/go' ] || sleep 1000`);
    await start(rig, '--max-iterations', '1');
    await eventually('the turn runs', () => rig.starts().length === 1);
    await orch('loop', 'stop', rig.id, '--now');
    expect((await orch('loop', 'watch', rig.id)).stdout).toContain(`${rig.id} stopped (0 turns)`);
    rig.open('go');
    await orch('loop', 'resume', rig.id);
    expect((await orch('loop', 'watch', rig.id)).code).toBe(0);
    expect(rig.starts()).toEqual(['iter-00001.supervisor supervisor.md', ...wanted(1, 1)]);
  });

  test('pause lets the turn end and begins no other, until resume; what makes no sense is refused', async () => {
    const rig = rigOf('pause');
    rig.inTurn('iter-00001.supervisor', waitIn(rig, 'go'));
    await start(rig, '--max-iterations', '1');
    await eventually('the turn runs', () => rig.starts().length === 1);
    expect((await orch('loop', 'resume', rig.id)).stderr).toContain('Cannot resume the loop: it is not paused');
    await orch('loop', 'pause', rig.id);
    rig.open('go');
    await eventually('it is paused', async () => (await loopStatus(orch, rig.id)).view?.status === 'paused');
    expect(rig.starts()).toHaveLength(1);
    await orch('loop', 'resume', rig.id);
    expect((await orch('loop', 'watch', rig.id)).code).toBe(0);
    expect(rig.starts()).toEqual(wanted(1, 1));
  });

  test('--pause waits for a person after each turn', async () => {
    const rig = rigOf('pauses');
    await start(rig, '--max-iterations', '1', '--pause');
    await eventually('it is paused', async () => (await loopStatus(orch, rig.id)).view?.status === 'paused');
    expect(rig.starts()).toHaveLength(1);
    await orch('loop', 'resume', rig.id);
    expect((await orch('loop', 'watch', rig.id)).code).toBe(0);
    expect(rig.starts()).toEqual(wanted(1, 1));
  });

  test('watch shows iteration, role, prompt and last words of the turn that runs; Ctrl-C leaves the loop alone', async () => {
    const rig = rigOf('watch');
    rig.inTurn('iter-00001.supervisor', `echo 'reading the plan'; ${waitIn(rig, 'go')}`);
    const following = startCli(['loop', '--id', rig.id, '--max-iterations', '1'], { cwd: rig.dir });
    await eventually('the words are shown', () =>
      following.output().includes('iteration 1 of 1, supervisor: runs supervisor.md (fake): reading the plan\n'),
    );
    following.child.kill('SIGINT');
    const { code, stderr } = await following.ended;
    expect([code, stderr]).toEqual([130, expect.stringContaining('detached; the loop continues')]);
    rig.open('go');
    expect((await orch('loop', 'watch', rig.id)).code).toBe(0);
  });
});

describe('configuration', () => {
  test('it is searched upward, and its paths count from its own folder', async () => {
    const rig = rigOf('upward');
    rig.write('deep/er/x', '');
    const { code } = await callCli(['loop', '--id', rig.id, '--max-iterations', '1'], {
      cwd: path.join(rig.dir, 'deep/er'),
    });
    expect([code, rig.starts()]).toEqual([0, wanted(1, 1)]);
  });

  test('mistakes are shown at their places before anything starts', async () => {
    const rig = rigOf('mistakes', 'router:\n  enabled: "false"\nmax_iteratons: 3\n');
    const { code, stderr } = await run(rig);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `orchestration.yaml:4:12: error[wrong_type]: 'enabled' must be true or false, not a string
  4 |   enabled: "false"
    |            ^^^^^^^
  hint: write it without quotes

orchestration.yaml:5:1: error[unknown_key]: unknown key 'max_iteratons'
  5 | max_iteratons: 3
    | ^^^^^^^^^^^^^
  hint: did you mean 'max_iterations'?

2 errors
`,
    );
  });

  test('a prompt that is not there, and an agent that nobody knows, are told at their places', async () => {
    const rig = rigOf('missing', 'main_prompt: mian.md\n');
    expect((await run(rig)).stderr).toContain(
      'orchestration.yaml:3:14: error[prompt_file_missing]: there is no prompt prompts/mian.md',
    );
    const other = await run(rig, '--agent', 'fke', '--prompt-main', 'main.md');
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining("error[unknown_agent]: there is no agent 'fke'"),
    ]);
  });

  test('without a file it says how to get one', async () => {
    const { code, stderr } = await callCli(['loop'], { cwd: tempDir() });
    expect([code, stderr]).toEqual([
      2,
      'error[usage]: There is no orchestration.yaml here or in a parent folder\n  hint: `orch loop init` writes one\n',
    ]);
  });

  test('bad values of the command line and the environment name where they came from', async () => {
    const rig = rigOf('bad-values');
    expect((await run(rig, '--max-iterations', 'many')).stderr).toContain('"many" is not a whole number from 1');
    expect((await run(rig, '--set', 'routr_mode=x')).stderr).toContain("did you mean 'router_mode'?");
    const given = await callCli(['loop', '--agent', 'nobody'], { cwd: rig.dir });
    expect([given.code, given.stderr]).toEqual([2, expect.stringMatching(/^error\[unknown_agent\]: .*'nobody'/)]);
    const env = await callCli(['loop'], { cwd: rig.dir, env: { ROUTER_MODE: 'turbo' } });
    expect(env.stderr).toContain('ROUTER_MODE: "turbo" is not one of router_default, router_first, router_only');
  });

  test('init writes a configuration that works, with stubs of its prompts, and overwrites nothing', async () => {
    const dir = tempDir();
    const first = await callCli(['loop', 'init', '--json'], { cwd: dir });
    expect(JSON.parse(first.stdout)).toEqual({
      written: ['orchestration.yaml', 'prompts/supervisor.md', 'prompts/main.md', 'prompts/reviewer.md'],
      kept: [],
    });
    const again = await callCli(['loop', 'init', '--json'], { cwd: dir });
    expect(JSON.parse(again.stdout)).toMatchObject({ written: [] });
    const id = uniqueId('init');
    const agent = 'agents.sh';
    const { code } = await callCli(['loop', '--id', id, '--max-iterations', '1', '--set', `codex_cmd=${agent}`], {
      cwd: dir,
      env: { PATH: '/usr/bin:/bin' },
    });
    expect(code).toBe(1); // neither claude nor codex is there, and that is what it says
    const { view } = await loopStatus(orch, id);
    expect(view?.failure).toMatchObject({ reason: 'agent_missing', message: expect.stringContaining('claude') });
  });
});

describe('state.json', () => {
  test('it is written for those who read it, and what they wrote stays; exit ends the loop after the turn', async () => {
    const rig = rigOf('state', 'state_file: sync/state.json\n');
    const file = path.join(rig.dir, 'sync', 'state.json');
    const state = (): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    rig.inTurn('iter-00001.supervisor', `cp '${file}' '${rig.control}/during'`);
    rig.inTurn('iter-00001.main', `sed -i 's/^{/{"exit": true, "exit_reason": "enough", "mine": 1,/' '${file}'`);
    const { code, stdout } = await run(rig, '--max-iterations', '5');
    expect([code, stdout]).toEqual([0, expect.stringContaining('stopped: enough')]);
    const during = JSON.parse(readFileSync(path.join(rig.control, 'during'), 'utf8')) as unknown;
    expect(during).toMatchObject({ iteration: 1, expected_actor: 'galph', status: 'running-galph' });
    expect(state()).toMatchObject({
      iteration: 2,
      expected_actor: 'galph',
      status: 'complete',
      exit: true,
      exit_reason: 'enough',
      mine: 1,
      ralph_commit: 'no-git',
    });
    expect(rig.starts()).toEqual(wanted(1, 1));
  });

  test('an older run is taken over: iteration 33 waiting-ralph means main is next', async () => {
    const rig = rigOf('import', 'state_file: sync/state.json\n');
    rig.write('sync/state.json', '{"iteration": 33, "expected_actor": "ralph", "status": "waiting-ralph"}');
    const { code, stderr } = await run(rig, '--max-iterations', '1');
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('taken over from sync/state.json: iteration 33, main is next'),
    ]);
    expect(rig.starts()).toEqual(['iter-00033.main main.md']);
    const exported = await orch('loop', 'export-state', rig.id);
    expect(JSON.parse(exported.stdout)).toMatchObject({ iteration: 34, expected_actor: 'galph', status: 'complete' });
  });

  test('import-state starts a loop from any file; a corrupt one is refused', async () => {
    const rig = rigOf('import-file');
    rig.write('old.json', '{"step_index": 3, "iteration": 4, "status": "waiting-next", "workflow_name": "standard"}');
    rig.write('bad.json', '{"iteration": "x"}');
    const at = { cwd: rig.dir };
    const bad = await callCli(['loop', 'import-state', 'bad.json', '--id', rig.id], at);
    expect([bad.code, bad.stderr]).toEqual([
      2,
      expect.stringContaining('bad.json is corrupt: `iteration` is not a whole number'),
    ]);
    await callCli(['loop', 'import-state', 'old.json', '--id', rig.id, '--max-iterations', '1'], at);
    expect((await orch('loop', 'watch', rig.id)).code).toBe(0);
    expect(rig.starts()).toEqual(['iter-00002.main main.md']);
  });

  test('a failed turn says failed there', async () => {
    const rig = rigOf('state-failed', 'state_file: state.json\n');
    rig.inTurn('iter-00001.main', 'exit 1');
    await run(rig, '--max-iterations', '1');
    expect(JSON.parse(readFileSync(path.join(rig.dir, 'state.json'), 'utf8'))).toMatchObject({
      iteration: 1,
      expected_actor: 'ralph',
      status: 'failed',
    });
  });
});
