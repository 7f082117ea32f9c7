import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { callCli, startCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { steady, tempDir, uniqueId, writePlan } from '../support/plans.js';

interface RunJson {
  run_id: string;
  status: string;
  warnings: number;
  outputs?: unknown;
  steps: {
    id: string;
    status: string;
    reason: string | null;
    message: string | null;
    attempts: number;
    outputs: Record<string, unknown>;
    sub_runs: string[];
  }[];
}

let dir: string;
beforeEach(() => {
  dir = tempDir();
});
const orch = (...args: string[]): Promise<CliResult> => callCli(args, { cwd: dir });
const written = (file = 'ran'): string[] => {
  try {
    return readFileSync(path.join(dir, file), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};
const sh = (id: string, command: string, more: object = {}): object => ({ id, command, shell: true, ...more });
const sub = (id: string, plan: string, def: object = {}, more: object = {}): object => ({
  id,
  step_def: { type: 'plan', plan, ...def },
  ...more,
});
const write = (name: string, steps: unknown[], more: object = {}): string =>
  writePlan(
    path.join(dir, path.dirname(name)),
    { plan_id: path.basename(name, '.json'), steps, ...more },
    path.basename(name),
  );

/** Runs a plan to its end. */
async function run(plan: string, ...options: string[]): Promise<{ code: number | null; run: RunJson }> {
  const { code, stdout, stderr } = await orch('run', plan, '--json', ...options);
  if (!stdout.startsWith('{')) throw new Error(stderr);
  return { code, run: JSON.parse(stdout) as RunJson };
}
const status = async (id: string): Promise<RunJson | undefined> => {
  const { code, stdout } = await orch('status', id, '--json');
  return code === 0 ? (JSON.parse(stdout) as RunJson) : undefined;
};
const ends = ({ steps }: RunJson): string[] =>
  steps.map((each) => `${each.id} ${each.status}${each.reason === null ? '' : ` (${each.reason})`}`);
/** Waits until a step is at something. */
const at = (id: string, wanted: string): Promise<true> =>
  eventually(
    `${id}: ${wanted}`,
    async () => (await status(id))?.steps.some((step) => `${step.id} ${step.status}` === wanted) || undefined,
  );

describe('a sub-plan', () => {
  test('is a run of its own, with the inputs it was given, and hands out its outputs', async () => {
    write('s.json', [sh('x', 'echo "$N $L $MODE" >> ran; echo "v=$((N + 1))" >> "$ORCH_OUTPUT"')], {
      inputs: { N: { type: 'integer', required: true }, L: { type: 'array' }, MODE: { default: 'fast' } },
      outputs: {
        sum: '${{ prev.x.outputs.v }}',
        list: [1, '${{ inputs.N }}', '${MODE}'],
        none: '${{ prev.x.outputs.no }}',
      },
    });
    const main = write('main.json', [
      sh('a', 'echo "n=5" >> "$ORCH_OUTPUT"'),
      sub('b', 's.json', { inputs: { N: '${{ prev.a.outputs.n }}', L: '${{ [1, 1 + 1] }}' } }, { depends_on: ['a'] }),
      {
        id: 'c',
        depends_on: ['b'],
        command: 'sh',
        args: [
          '-c',
          'echo "$0 $1 $2 $3" >> ran',
          '${{ prev.b.outputs.sum }}',
          '${{ prev.b.outputs.list }}',
          '${{ prev.b.outputs.run_id }}',
          '${{ has(prev.b.outputs.none) }}',
        ],
      },
    ]);
    const id = uniqueId('sub');
    const { code, run: ended } = await run(main, '--id', id);
    expect([code, ends(ended)]).toEqual([0, ['a success', 'b success', 'c success']]);
    expect(written()).toEqual(['5 [1,2] fast', `6 [1,5,"fast"] ${id}.b false`]);
    expect(ended.steps[1]).toMatchObject({ attempts: 1, sub_runs: [`${id}.b`] });
    expect(await status(`${id}.b`)).toMatchObject({ plan_id: 's', status: 'succeeded' });
    expect(steady((await orch('status', `${id}.b`)).stdout)).toBe(
      `${id}.b succeeded ( <time>)\n  part of ${id}\n  Web UI  <web ui>\n  success  x <time>\n`,
    );
    expect((await orch('explain', id, 'b')).stdout).toBe(
      `b: success\n  It ended as success.\n  Its dependencies have ended ('a'), and all_success let it through.\n  Its sub-plan is run '${id}.b'.\n`,
    );
    expect((await orch('watch', `${id}.b`, '--json')).code).toBe(0);
    expect((JSON.parse((await orch('watch', `${id}.b`, '--json')).stdout) as RunJson).outputs).toEqual({
      sum: '6',
      list: [1, 5, 'fast'],
    });
    const listed = async (...options: string[]): Promise<unknown[]> =>
      (
        JSON.parse((await orch('list', '--json', '--limit', '1000', ...options)).stdout) as {
          run_id: string;
          parent_run_id: string | null;
        }[]
      )
        .filter((each) => each.run_id.startsWith(id))
        .map((each) => [each.run_id, each.parent_run_id])
        .toSorted(([a], [b]) => (a! < b! ? -1 : 1));
    expect(await listed()).toEqual([[id, null]]);
    expect(await listed('--all')).toEqual([
      [id, null],
      [`${id}.b`, id],
    ]);
  });

  test('takes along what the run took along, and what `env` of its step names; not inputs and env of the plan above', async () => {
    write('s.json', [sh('x', 'echo "$TAKEN|$OWN|$UPPER|$G|$FROM_STEP|$PWD" >> ran')], {
      globals: { env: { OWN: '${TAKEN}-own' } },
    });
    const main = write('main.json', [sub('b', 's.json', {}, { env: { FROM_STEP: '${G}!' } })], {
      inputs: { UPPER: { default: 'u' } },
      globals: { env: { G: 'g' }, cwd: '/' },
    });
    const { code, stderr } = await callCli(['run', main], { cwd: dir, env: { TAKEN: 'taken' } });
    expect([code, stderr.includes('error')]).toEqual([0, false]);
    expect(written()).toEqual([`taken|taken-own|||g!|${dir}`]);
  });

  test('that fails fails its step, which names the run and its steps; warnings go up', async () => {
    write('bad.json', [sh('one', 'exit 3'), sh('two', 'exit 0')], { outputs: { code: '${{ prev.one.exit_code }}' } });
    write('odd.json', [sh('one', 'exit 3', { critical: false })]);
    const main = write('main.json', [
      sub('bad', 'bad.json', {}, { on_failure: 'continue', critical: false }),
      sub('odd', 'odd.json'),
      sh('mend', 'echo mended >> ran'),
      sub('lost', 'bad.json', {}, { fallback_step: 'mend' }),
      sub('no', 'odd.json', {}, { condition: 'prev.odd.status == "failed"', depends_on: ['odd'] }),
      sub('off', 'odd.json', {}, { skip_if: 'true' }),
      { id: 'use', depends_on: ['bad'], command: 'test', args: ['${{ prev.bad.outputs.code }}', '=', '3'] },
    ]);
    const id = uniqueId('sub');
    const { code, run: ended } = await run(main, '--id', id);
    expect([code, ended.warnings]).toEqual([0, 2]);
    expect(ends(ended)).toEqual([
      'bad failed (sub_plan_failed)',
      'odd warning',
      'mend success',
      'lost failed (sub_plan_failed)',
      'no skipped (condition_false)',
      'off skipped (skip_if)',
      'use success',
    ]);
    expect(ended.steps[0]!.message).toBe(`RunFailed: run '${id}.bad' failed: 1 of 2 steps failed: one (exit_non_zero)`);
    expect(ended.steps[1]!.message).toBe(`run '${id}.odd' has 1 warning`);
    expect((await run(write('strict.json', [sub('odd', 'odd.json')]), '--strict')).code).toBe(1);
  });

  test('inputs that templates give are checked when the step starts', async () => {
    write('s.json', [sh('x', 'true')], { inputs: { N: { type: 'integer', required: true } } });
    const main = write('main.json', [
      sh('a', 'echo "n=many" >> "$ORCH_OUTPUT"'),
      sub('b', 's.json', { inputs: { N: '${{ prev.a.outputs.n }}' } }, { depends_on: ['a'], retries: 3 }),
      sub('c', 's.json', { inputs: { N: '${{ prev.a.outputs.no }}' } }, { depends_on: ['a'], critical: false }),
    ]);
    const { code, run: ended } = await run(main);
    expect([code, ends(ended)]).toEqual([1, ['a success', 'b failed (input_invalid)', expect.stringContaining('c ')]]);
    expect(ended.steps[1]).toMatchObject({
      message: "InputError: the input 'N' must be a whole number, not 'many'",
      attempts: 0,
      sub_runs: [],
    });
  });

  test('`finally` may run one, and it runs whatever the end was', async () => {
    write('clean.json', [sh('x', 'echo "clean after $STATUS" >> ran')], { inputs: { STATUS: {} } });
    const main = write('main.json', [sh('a', 'exit 1')], {
      finally: [sub('clean', 'clean.json', { inputs: { STATUS: '${{ prev.a.status }}' } })],
    });
    const { code, run: ended } = await run(main);
    expect([code, ends(ended), written()]).toEqual([
      1,
      ['a failed (exit_non_zero)', 'clean success'],
      ['clean after failed'],
    ]);
  });

  test('each further try is a new run: of retries, and of `orch retry`', async () => {
    write('s.json', [sh('x', 'echo try >> ran; test "$(wc -l < ran)" -gt 2')]);
    const main = write('main.json', [sub('b', 's.json', {}, { retries: 1, retry_delay_sec: 0.1 })], {
      globals: { on_abort: 'quarantine' },
    });
    const id = uniqueId('sub');
    expect((await orch('run', main, '--id', id)).code).toBe(5);
    expect((await status(id))!.steps[0]).toMatchObject({
      status: 'failed',
      attempts: 2,
      sub_runs: [`${id}.b`, `${id}.b~2`],
    });
    expect((await orch('retry', id, 'b')).code).toBe(0);
    const ended = JSON.parse((await orch('watch', id, '--json')).stdout) as RunJson;
    expect(ended.steps[0]).toMatchObject({
      status: 'success',
      attempts: 1,
      sub_runs: [`${id}.b`, `${id}.b~2`, `${id}.b~3`],
    });
    expect((await status(`${id}.b~2`))!.status).toBe('failed');
  });

  test('foreach runs one for each element, max_parallel at a time; outputs are lists', async () => {
    write('s.json', [sh('x', 'echo "$WHO" >> ran; echo "said=hi $WHO" >> "$ORCH_OUTPUT"; test "$WHO" != bad')], {
      inputs: { WHO: { required: true } },
      outputs: { said: '${{ prev.x.outputs.said }}' },
    });
    const main = write('main.json', [
      sub(
        'b',
        's.json',
        { inputs: { WHO: '${{ item }}' } },
        { foreach: ['x', 'bad', 'y'], max_parallel: 1, on_failure: 'continue' },
      ),
      {
        id: 'c',
        depends_on: ['b'],
        command: 'test',
        args: ['${{ prev.b.outputs.said }}', '=', '["hi x","hi bad","hi y"]'],
      },
    ]);
    const id = uniqueId('sub');
    const { code, run: ended } = await run(main, '--id', id);
    expect([code, ends(ended), written()]).toEqual([1, ['b failed (sub_plan_failed)', 'c success'], ['x', 'bad', 'y']]);
    expect(ended.steps[0]).toMatchObject({
      message: `1 of 3 instances failed: b[1] (RunFailed: run '${id}.b[1]' failed: 1 of 1 steps failed: x (exit_non_zero))`,
      sub_runs: [`${id}.b[0]`, `${id}.b[1]`, `${id}.b[2]`],
    });
  });

  test('holds one place of max_concurrency, and its steps have those of their own plan', async () => {
    write('s.json', [
      sh('x', 'echo x >> ran; until [ -e go ]; do sleep 0.05; done'),
      sh('y', 'echo y >> ran; until [ -e go ]; do sleep 0.05; done'),
    ]);
    const main = write('main.json', [sub('b', 's.json'), sh('after', 'echo after >> ran')], {
      globals: { max_concurrency: 1 },
    });
    const id = uniqueId('sub');
    await orch('start', main, '--id', id);
    await eventually('both steps of the sub-plan run', () => written().length === 2);
    expect((await orch('explain', id, 'after')).stdout).toContain('waits for a slot');
    writeFileSync(path.join(dir, 'go'), '');
    expect((await orch('watch', id)).code).toBe(0);
    expect(written().at(-1)).toBe('after');
  });
});

/** A run whose sub-plan went well and whose other step did not, and what writes its plans anew. */
async function failedRun(): Promise<{ id: string; main: (n: number) => string; deep: (word: string) => string }> {
  const deep = (word: string): string => write('s/deep.json', [sh('x', `echo ${word} >> ran`)]);
  deep('one');
  write('s/s.json', [sub('deep', 'deep.json')], { inputs: { N: { type: 'integer' } } });
  const main = (n: number): string =>
    write('main.json', [
      sub('b', 's/s.json', { inputs: { N: n } }),
      sh('bad', 'test -e mended', { on_failure: 'continue' }),
    ]);
  const id = uniqueId('sub');
  expect((await orch('run', main(1), '--id', id)).code).toBe(1);
  return { id, main, deep };
}

describe('what is pinned', () => {
  test('later edits of the file change nothing, of nested plans neither', async () => {
    const deep = (word: string): string => write('s/deep.json', [sh('x', `echo ${word} >> ran`)]);
    deep('before');
    write('s/s.json', [sub('deep', 'deep.json')]);
    const main = write('main.json', [
      sh('wait', 'touch waits; until [ -e go ]; do sleep 0.05; done'),
      sub('b', 's/s.json', {}, { depends_on: ['wait'] }),
    ]);
    const id = uniqueId('sub');
    await orch('start', main, '--id', id);
    await eventually('it has begun', () => existsSync(path.join(dir, 'waits')));
    deep('after');
    write('s/s.json', []);
    writeFileSync(path.join(dir, 'go'), '');
    expect([(await orch('watch', id)).code, written()]).toEqual([0, ['before']]);
    expect((await status(`${id}.b.deep`))!.status).toBe('succeeded');
  });

  test('a rerun takes a sub-plan over unless its content, at any depth, or its inputs have changed', async () => {
    const { id, main, deep } = await failedRun();
    const decided = async (...options: string[]): Promise<unknown> =>
      (JSON.parse((await orch('rerun', id, '--dry-run', '--json', ...options)).stdout) as { reused: string[] }).reused;
    expect(await decided('--plan', 'main.json')).toEqual(['b']);
    main(2);
    expect(await decided('--plan', 'main.json')).toEqual([]);
    main(1);
    deep('two');
    expect(await decided('--plan', 'main.json')).toEqual([]);
    expect(await decided()).toEqual(['b']); // the plan that it had
  });

  test('a rerun runs the sub-plans that it had, and a run of a sub-plan can be run again by itself', async () => {
    const { id, deep } = await failedRun();
    deep('two');
    writeFileSync(path.join(dir, 'mended'), '');
    expect((await orch('rerun', id, '--from', 'b')).code).toBe(0);
    expect((await orch('rerun', `${id}.b`, '--from', 'deep')).code).toBe(0);
    expect(written()).toEqual(['one', 'one', 'one']);
  });
});

describe('what ends a sub-plan', () => {
  const slow = [sh('slow', 'touch slow; exec sleep 60')];
  const last = (script: string): object => ({ finally: [sh('last', script)] });

  test('a cancel goes down at any depth, its `finally` runs, and the run above waits for it', async () => {
    write('deep.json', slow, last('echo deep >> ran'));
    write('s.json', [sub('deep', 'deep.json')], last('echo s >> ran'));
    const main = write('main.json', [sub('b', 's.json')], last('echo main >> ran'));
    const id = uniqueId('sub');
    const cli = startCli(['run', main, '--id', id], { cwd: dir });
    await eventually('the inner step runs', () => existsSync(path.join(dir, 'slow')));
    expect((await orch('cancel', id)).code).toBe(0);
    expect([(await cli.ended).code, written()]).toEqual([4, ['deep', 's', 'main']]);
    for (const each of [id, `${id}.b`, `${id}.b.deep`]) expect((await status(each))!.status).toBe('canceled');
    expect(ends((await status(id))!)).toEqual(['b canceled (run_canceled)', 'last success']);
  });

  test('a forced cancel goes down too', async () => {
    write('deep.json', slow, last('touch cleaning; exec sleep 60'));
    write('s.json', [sub('deep', 'deep.json')], last('echo s >> ran'));
    const main = write('main.json', [sub('b', 's.json')], last('echo main >> ran'));
    const id = uniqueId('sub');
    await orch('start', main, '--id', id);
    await eventually('the inner step runs', () => existsSync(path.join(dir, 'slow')));
    await orch('cancel', id);
    await eventually('its finally runs', () => existsSync(path.join(dir, 'cleaning')));
    expect((await orch('cancel', id, '--force')).code).toBe(0);
    expect((await orch('watch', id)).code).toBe(4);
    expect(written()).toEqual([]);
    expect(ends((await status(`${id}.b.deep`))!)).toEqual([
      'slow canceled (run_canceled)',
      'last canceled (run_canceled)',
    ]);
    expect(ends((await status(id))!)).toEqual(['b canceled (run_canceled)', 'last canceled (run_canceled)']);
  });

  test('a forced cancel at once: no `finally` runs, at any depth', async () => {
    write('s.json', slow, last('echo s >> ran'));
    const main = write('main.json', [sub('b', 's.json')], last('echo main >> ran'));
    const id = uniqueId('sub');
    await orch('start', main, '--id', id);
    await eventually('the inner step runs', () => existsSync(path.join(dir, 'slow')));
    expect((await orch('cancel', id, '--force')).code).toBe(0);
    expect([(await orch('watch', id)).code, (await status(`${id}.b`))!.status]).toEqual([4, 'canceled']);
    expect(written()).toEqual([]);
  });

  test('cancel of the sub-plan alone, and of its step: the run above goes on and sees canceled', async () => {
    write('s.json', slow, last('echo s >> ran'));
    const main = write('main.json', [
      sub('b', 's.json'),
      sh('next', 'echo next >> ran', { depends_on: ['b'], trigger_rule: 'all_done' }),
    ]);
    for (const cancel of [(id: string) => [`${id}.b`], (id: string) => [id, 'b']]) {
      const id = uniqueId('sub');
      const started = written('ran').length;
      await orch('start', main, '--id', id);
      await at(`${id}.b`, 'slow running');
      expect((await orch('cancel', ...cancel(id))).code).toBe(0);
      expect((await orch('watch', id)).code).toBe(1);
      expect(ends((await status(id))!)).toEqual(['b canceled (operator)', 'next success']);
      expect(written().slice(started)).toEqual(['s', 'next']);
    }
  });

  test('a pause of the run above is not one of the sub-plan', async () => {
    write('s.json', [
      sh('x', 'touch x; until [ -e go ]; do sleep 0.05; done'),
      sh('y', 'echo y >> ran', { depends_on: ['x'] }),
    ]);
    const main = write('main.json', [sub('b', 's.json'), sh('next', 'echo next >> ran', { depends_on: ['b'] })]);
    const id = uniqueId('sub');
    await orch('start', main, '--id', id);
    await eventually('the inner step runs', () => existsSync(path.join(dir, 'x')));
    await orch('pause', id);
    writeFileSync(path.join(dir, 'go'), '');
    await at(id, 'b success');
    expect(written()).toEqual(['y']);
    await orch('cancel', id); // of a paused run
    expect((await orch('watch', id)).code).toBe(4);
  });
});

test('an approval in a sub-plan is answered there', async () => {
  write('s.json', [{ id: 'ask', step_def: { type: 'approval' } }]);
  const id = uniqueId('sub');
  await orch('start', write('main.json', [sub('b', 's.json')]), '--id', id);
  await at(`${id}.b`, 'ask waiting');
  expect((await orch('approve', `${id}.b`, 'ask')).code).toBe(0);
  expect((await orch('watch', id)).code).toBe(0);
});

test('locks that are held above are held for a sub-plan, and others it takes itself', async () => {
  const [whole, one, own] = [uniqueId('whole'), uniqueId('one'), uniqueId('own')];
  write('s.json', [sh('x', 'echo x >> ran', { locks: [one, own] })], { globals: { locks: [whole, one] } });
  const main = write('main.json', [sub('b', 's.json', {}, { locks: [one] })], { globals: { locks: [whole] } });
  const { code, run: ended } = await run(main);
  expect([code, ends(ended), written()]).toEqual([0, ['b success'], ['x']]);
  await eventually('the locks are given back', async () => {
    const held = JSON.parse((await orch('locks', '--json')).stdout) as { name: string }[];
    return !held.some(({ name }) => [whole, one, own].includes(name));
  });
});

describe('before a run', () => {
  test('problems of all files are told, each with its line', async () => {
    write('s/s.json', [{ id: 'x', comand: 'true', shell: true }, sub('y', 'no.json')]);
    write('main.json', [sub('b', 's/s.json')]);
    const { code, stderr } = await orch('validate', 'main.json');
    expect([code, stderr]).toEqual([
      2,
      `main.json:9:17: error[invalid_sub_plan]: the plan 's/s.json' is not valid
  9 |         "plan": "s/s.json"
    |                 ^^^^^^^^^^
  hint: its own problems are reported, too

s/s.json:7:7: error[unknown_key]: unknown key 'comand'
  7 |       "comand": "true",
    |       ^^^^^^^^
  hint: did you mean 'command'?

s/s.json:14:17: error[file_not_found]: s/no.json: there is no such file
  14 |         "plan": "no.json"
     |                 ^^^^^^^^^

3 errors
`,
    ]);
    expect((await orch('start', 'main.json')).code).toBe(2);
  });

  test('a name that only a sub-plan mentions is taken along, or missed in its file', async () => {
    write('s/s.json', [{ id: 'x', command: 'echo', args: ['${MISSED}'] }]);
    write('main.json', [sub('b', 's/s.json')]);
    const { code, stderr } = await orch('run', 'main.json');
    expect([code, stderr.split('\n')[0]]).toEqual([2, 's/s.json:9:9: error[missing_name]: ${MISSED} has no value']);
    expect((await orch('run', 'main.json', '--env', 'MISSED=x')).code).toBe(0);
  });

  test('validate, plan and graph name the sub-plans', async () => {
    write('s.json', [sh('x', 'true'), sh('y', 'true')]);
    write('main.json', [sub('b', 's.json')]);
    expect((await orch('validate', 'main.json')).stdout).toBe('main.json: valid (main, 1 step, 1 sub-plan)\n');
    expect((await orch('plan', 'main.json')).stdout).toBe(
      'main: 1 step in 1 wave, up to 1 side by side\nwave 1\n  b    run s.json (s, 2 steps)\n',
    );
    const planned = JSON.parse((await orch('plan', 'main.json', '--json')).stdout) as { steps: unknown[] };
    expect(planned.steps).toMatchObject([{ action: 'plan', sub_plan: { file: 's.json', plan_id: 's', steps: 2 } }]);
    expect((await orch('graph', 'main.json')).stdout).toBe('flowchart TD\n  s0["b<br/>runs s.json"]\n');
  });
});
