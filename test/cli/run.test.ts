import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runJsonSchema } from '../../src/cli/render/run-json.js';
import { runCli, startCli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { steady, tempDir, uniqueId, writePlan } from '../support/plans.js';

const diamond = {
  steps: [
    { id: 'a', command: 'echo', args: ['from a'] },
    { id: 'b', command: 'sleep 0.4', shell: true, depends_on: ['a'] },
    { id: 'c', command: 'true', depends_on: ['b'] },
  ],
};

describe('orch run', () => {
  test('shows each step as it starts and ends, then how the run ended', async () => {
    const dir = tempDir();
    const id = uniqueId('shown');
    const { code, stdout, stderr } = await runCli(['run', writePlan(dir, diamond), '--id', id], { cwd: dir });
    expect(code).toBe(0);
    expect(steady(stdout)).toBe(`${id} succeeded in <time>: 3 succeeded\n  Web UI  <web ui>\n`);
    const lines = steady(stderr).split('\n');
    expect(lines.slice(lines.indexOf(`run ${id} (3 steps)`))).toEqual(
      [
        `run ${id} (3 steps)`,
        '<web ui>',
        'started  a',
        'success  a    <time>',
        'started  b',
        'success  b    <time>',
        'started  c',
        'success  c    <time>',
        '',
      ].map((line) => line.replace(/ +<time>/, ' <time>')),
    );
  });

  test('a run that is followed for long says nothing but what its steps do', async () => {
    const dir = tempDir();
    const { code, stderr } = await runCli(
      ['run', writePlan(dir, { steps: [{ id: 'a', command: 'sleep', args: ['5'] }] })],
      { cwd: dir },
    );
    expect(code).toBe(0);
    expect(stderr).not.toContain('Warning');
    expect(
      stderr
        .split('\n')
        .slice(-3)
        .map((line) => line.slice(0, 10)),
    ).toEqual(['started  a', 'success  a', '']);
  });

  test('a failed run exits 1 and shows what failed, why, and what to type next', async () => {
    const dir = tempDir();
    const id = uniqueId('failing');
    writePlan(dir, {
      steps: [
        { id: 'good', command: 'true' },
        { id: 'bad', command: 'echo to stdout; echo the problem >&2; exit 3', shell: true, depends_on: ['good'] },
        ...['c', 'd', 'e'].map((after) => ({ id: after, command: 'true', depends_on: ['bad'] })),
      ],
    });
    const { code, stdout } = await runCli(['run', 'plan.json', '--id', id], { cwd: dir });
    expect(code).toBe(1);
    const why = [
      '  failed  bad: exited with code 3',
      '    | the problem',
      `    its output:  orch logs ${id} bad`,
      `  run it again:         orch rerun ${id}   reuses 1 step, runs 4`,
    ];
    expect(steady(stdout).split('\n')).toEqual([
      `${id} failed in <time>: 1 succeeded, 1 failed, 3 canceled`,
      ...why,
      `  with a changed plan:  orch rerun ${id} --plan plan.json`,
      '  Web UI  <web ui>',
      '',
    ]);
    const status = steady((await runCli(['status', id])).stdout).split('\n');
    expect(status.slice(2)).toEqual(
      [
        '  success  good   <time>',
        '  failed   bad    <time>  exited with code 3',
        "  canceled c             aborted: 'bad' failed (exit code 3); also d, e",
        ...why,
        `  with a changed plan:  orch rerun ${id} --plan ${path.join(dir, 'plan.json')}`,
        '',
      ].map((line) => line.replace(/ +<time>/, ' <time>')),
    );
    expect((await runCli(['logs', id, 'bad', '--stdout'])).stdout).toBe('to stdout\n');
    const again = await runCli(['rerun', id, '--dry-run', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ reused: ['good'], again: { length: 4 } });
  });

  test('in a job of GitHub Actions it shows what steps print, marks what failed, and writes the summary of the job', async () => {
    const dir = tempDir();
    const id = uniqueId('job');
    const each = { foreach: ['x', 'y'], max_parallel: 1, env: { X: '${{ item }}' } };
    writePlan(dir, {
      steps: [
        { id: 'each', command: 'echo "item $X"', shell: true, ...each },
        { id: 'bad', command: 'echo "::error::no"; exit 3', shell: true, depends_on: ['each'] },
      ],
    });
    const env = { CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: path.join(dir, 'summary.md') };
    const { code, stderr } = await runCli(['run', 'plan.json', '--id', id], { cwd: dir, env });
    expect(code).toBe(1);
    const token = /::stop-commands::(\S+)/.exec(stderr)![1]!;
    const lines = steady(stderr).split('\n');
    const told = lines.slice(lines.indexOf(`::stop-commands::${token}`) + 1);
    expect(told.slice(1, 3).sort()).toEqual(['each[0] | item x', 'each[1] | item y']);
    expect(told.toSpliced(1, 2)).toEqual([
      'started  each',
      'success  each <time>',
      'started  bad',
      'bad  | ::error::no',
      'failed   bad <time>  exited with code 3',
      `::${token}::`,
      `::error title=test%3A bad failed::exited with code 3 (orch logs ${id} bad)`,
      '',
    ]);
    expect(readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8')).toContain('| ❌ | bad |');
    const quiet = await runCli(['watch', id, '--quiet'], { cwd: dir });
    expect(quiet).toMatchObject({ code: 1, stderr: '' });
    expect(quiet.stdout).toContain(`${id} failed in `);
  });

  test('--json prints one object of the published shape', async () => {
    const dir = tempDir();
    const plan = writePlan(dir, { steps: [{ id: 'a', command: 'false', critical: false }] });
    const { code, stdout } = await runCli(['run', plan, '--json'], { cwd: dir });
    expect(code).toBe(0);
    const result = runJsonSchema.parse(JSON.parse(stdout));
    expect(result).toMatchObject({ plan_id: 'test', status: 'succeeded', warnings: 1 });
    expect(result.steps).toMatchObject([
      { id: 'a', status: 'failed', reason: 'exit_non_zero', attempts: 1, exit_code: 1 },
    ]);
  });

  test('--strict makes a warning a failing exit code', async () => {
    const dir = tempDir();
    const plan = writePlan(dir, { steps: [{ id: 'a', command: 'exit 5', shell: true, warning_exit_codes: [5] }] });
    expect((await runCli(['run', plan], { cwd: dir })).code).toBe(0);
    expect((await runCli(['run', plan, '--strict'], { cwd: dir })).code).toBe(1);
  });

  test('a second start with the same id is refused, and the run it found is named', async () => {
    const dir = tempDir();
    const id = uniqueId('same');
    const plan = writePlan(dir, { steps: [{ id: 'a', command: 'true' }] });
    expect((await runCli(['start', plan, '--id', id], { cwd: dir })).stdout).toBe(`${id}\n`);
    const second = await runCli(['start', plan, '--id', id], { cwd: dir });
    expect(second).toMatchObject({ code: 2, stdout: '' });
    expect(second.stderr).toBe(
      `error[run_exists]: There is already a run with the id '${id}'\n  hint: look at it with \`orch status ${id}\`, or choose another --id\n`,
    );
  });

  test('Ctrl-C detaches: it says how to come back, and the run continues to its end', async () => {
    const dir = tempDir();
    const id = uniqueId('detached');
    const marker = path.join(dir, 'ended');
    const plan = writePlan(dir, { steps: [{ id: 'slow', command: 'sleep 2; echo > ended', shell: true }] });
    const cli = startCli(['run', plan, '--id', id], { cwd: dir });
    await eventually('the step is shown as started', () => cli.output().includes('started  slow'));
    cli.child.kill('SIGINT');
    const { code, stderr } = await cli.ended;
    expect(code).toBe(130);
    expect(stderr).toContain(
      `detached; the run continues\n  follow it again:  orch watch ${id}\n  end it:           orch cancel ${id}\n`,
    );
    expect(existsSync(marker)).toBe(false);
    const watched = await runCli(['watch', id]);
    expect(watched.code).toBe(0);
    expect(steady(watched.stdout)).toContain(`${id} succeeded in <time>: 1 succeeded`);
    expect(existsSync(marker)).toBe(true);
  });
});

describe('steering', () => {
  const waiting = {
    steps: [
      { id: 'slow', command: 'sleep 60', shell: true, grace_sec: 1 },
      { id: 'next', command: 'true', depends_on: ['slow'] },
      { id: 'last', command: 'echo > last', shell: true, depends_on: ['next'] },
    ],
  };

  test('cancel ends a run as canceled, with its processes, and exits 4', async () => {
    const dir = tempDir();
    const id = uniqueId('canceled');
    const plan = writePlan(dir, waiting);
    const cli = startCli(['run', plan, '--id', id], { cwd: dir });
    await eventually('the step runs', () => cli.output().includes('started  slow'));
    const asked = await runCli(['cancel', id]);
    expect(asked).toMatchObject({ code: 0, stdout: `${id}: cancel requested; its steps are being stopped\n` });
    const { code, stdout } = await cli.ended;
    expect(code).toBe(4);
    const again = `  run it again:         orch rerun ${id}   reuses 0 steps, runs 3\n  with a changed plan:  orch rerun ${id} --plan ${plan}\n`;
    expect(steady(stdout)).toBe(`${id} canceled in <time>: 3 canceled\n${again}  Web UI  <web ui>\n`);
    expect((await runCli(['cancel', id])).stderr).toContain(
      `error[run_closed]: The run '${id}' has already ended: canceled`,
    );
  });

  test('skip and cancel of steps: what they may do, and what is refused', async () => {
    const dir = tempDir();
    const id = uniqueId('steered');
    await runCli(['start', writePlan(dir, waiting), '--id', id], { cwd: dir });
    await eventually('the step runs', async () => (await runCli(['status', id])).stdout.includes('running  slow'));

    expect((await runCli(['skip', id, 'slow'])).stderr).toBe(
      "error[refused]: Cannot skip step 'slow': it is running; only a step that has not started can be skipped (cancel it instead)\n",
    );
    expect((await runCli(['skip', id, 'nxt'])).stderr).toBe(
      "error[refused]: The plan has no step 'nxt'; did you mean 'next'?\n",
    );
    expect(await runCli(['skip', id, 'next'])).toMatchObject({ code: 0, stdout: 'next: skipped\n' });
    expect((await runCli(['skip', id, 'next'])).code).toBe(2);
    await eventually('the dependent of the skipped step ran', () => existsSync(path.join(dir, 'last')));

    expect(await runCli(['cancel', id, 'slow'])).toMatchObject({
      code: 0,
      stdout: 'slow: cancel requested; it is being stopped\n',
    });
    const watched = await runCli(['watch', id, '--json']);
    expect(watched.code).toBe(1);
    expect(JSON.parse(watched.stdout)).toMatchObject({
      status: 'failed',
      steps: [
        { id: 'slow', status: 'canceled', reason: 'operator' },
        { id: 'next', status: 'skipped', reason: 'operator' },
        { id: 'last', status: 'success' },
      ],
    });
  });

  test('an unknown run is named, with what to do', async () => {
    for (const args of [
      ['status', 'no-such-run'],
      ['cancel', 'no-such-run'],
      ['skip', 'no-such-run', 'a'],
      ['watch', 'no-such-run'],
    ]) {
      expect(await runCli(args)).toMatchObject({
        code: 2,
        stderr: "error[run_not_found]: There is no run 'no-such-run'\n  hint: `orch list` shows the runs\n",
      });
    }
  });
});

describe('inputs and environment', () => {
  test('an input is a value, in arguments and in the shell alike: it never becomes code', async () => {
    const dir = tempDir();
    const plan = writePlan(dir, {
      inputs: { BRANCH: { type: 'string', required: true } },
      steps: [
        { id: 'args', command: 'printf', args: ['%s', '${BRANCH}'] },
        { id: 'line', command: 'printf %s "$BRANCH" > line.txt', shell: true },
        { id: 'script', step_def: { type: 'shell', script: 'printf %s "${BRANCH}" > script.txt' } },
      ],
    });
    const hostile = 'x"; touch pwned; \'$(touch pwned)`touch pwned`';
    const { code } = await runCli(['run', plan, '--input', `BRANCH=${hostile}`], { cwd: dir });
    expect(code).toBe(0);
    expect(existsSync(path.join(dir, 'pwned'))).toBe(false);
    expect(readFileSync(path.join(dir, 'line.txt'), 'utf8')).toBe(hostile);
    expect(readFileSync(path.join(dir, 'script.txt'), 'utf8')).toBe(hostile);
  });

  test('every missing name is listed at once, with its place, and nothing is started', async () => {
    const dir = tempDir();
    writePlan(dir, { steps: [{ id: 'a', command: 'echo', args: ['${NOWHERE_1}', '${NOWHERE_2}', '${FINE:-x}'] }] });
    const { code, stderr, stdout } = await runCli(['run', 'plan.json'], { cwd: dir });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/plan\.json:\d+:\d+: error\[missing_name\].*NOWHERE_1/);
    expect(stderr).toMatch(/plan\.json:\d+:\d+: error\[missing_name\].*NOWHERE_2/);
    expect(stderr).not.toContain('FINE');
  });

  test('a step sees its run, the environment in its layers, and the folder where the run was started', async () => {
    const dir = tempDir();
    const plan = writePlan(dir, {
      globals: { env: { LAYER: 'globals', BOTH: '${LAYER_BELOW}' } },
      steps: [
        {
          id: 'a',
          command:
            'echo "$LAYER|$BOTH|$TAKEN|$ORCH_RUN_ID|$ORCH_STEP_ID|$ORCH_ATTEMPT|$ORCH_IDEMPOTENCY_KEY|$(pwd -P)|$ORCH_READY_FILE$TEMPORAL_ADDRESS$ORCH_ALLOCATOR$MALLOC_ARENA_MAX" > seen',
          shell: true,
          env: { LAYER: 'step' },
        },
      ],
    });
    const id = uniqueId('env');
    const { code } = await runCli(['run', plan, '--id', id, '--env', 'TAKEN=along', '--env', 'LAYER_BELOW'], {
      cwd: dir,
      env: { LAYER_BELOW: 'from the starter' },
    });
    expect(code).toBe(0);
    expect(readFileSync(path.join(dir, 'seen'), 'utf8')).toBe(
      `step|from the starter|along|${id}|a|1|${id}/a|${dir}|\n`,
    );
  });

  test('a name that looks like a secret is not taken along', async () => {
    const dir = tempDir();
    const plan = writePlan(dir, { steps: [{ id: 'a', command: 'true' }] });
    const { code, stderr } = await runCli(['run', plan, '--env', 'GITHUB_TOKEN=abc'], { cwd: dir });
    expect(code).toBe(2);
    expect(stderr).toContain('secret_in_environment');
    expect(stderr).not.toContain('abc');
  });
});
