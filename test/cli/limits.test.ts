import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { callCli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

interface Ended {
  steps: { id: string; status: string; reason: string | null; message: string | null }[];
}

/** A text that nothing makes shorter. */
const noise = (bytes: number): string => randomBytes(bytes * 0.75).toString('base64');

test('a start input of more than 2 MB is refused in words', async () => {
  const dir = tempDir();
  const plan = writePlan(dir, {
    inputs: { A: { type: 'string' } },
    steps: [{ id: 'a', command: 'true' }],
  });
  writeFileSync(path.join(dir, 'inputs.json'), JSON.stringify({ A: noise(4_500_000) }));
  const { code, stderr } = await callCli(['start', plan, '--inputs', path.join(dir, 'inputs.json')], { cwd: dir });
  expect([code, stderr]).toEqual([2, expect.stringContaining('error[plan_too_large]') as string]);
});

test('metadata of megabytes is cut in the memo, and refuses no start', async () => {
  const metadata = { project: 'p'.repeat(3_000_000), tags: Array.from({ length: 1000 }, () => 't'.repeat(3000)) };
  const plan = writePlan(tempDir(), { metadata, steps: [{ id: 'a', command: 'true' }] });
  const run = uniqueId('memo');
  expect((await callCli(['run', plan, '--id', run])).code).toBe(0);
  const { stdout } = await callCli(['list', '--json', '--limit', '50']);
  const found = (JSON.parse(stdout) as { run_id: string; project: string; tags: string[] }[]).find(
    ({ run_id }) => run_id === run,
  );
  expect([found?.project.length, found?.tags.length, found?.tags[0]?.length]).toEqual([256, 50, 256]);
});

test('an id that is too long is refused in words', async () => {
  const plan = writePlan(tempDir(), { steps: [{ id: 'a', command: 'true' }] });
  const { code, stderr } = await callCli(['start', plan, '--id', 'i'.repeat(201)]);
  expect([code, stderr]).toEqual([
    2,
    `error[invalid_run_id]: "${'i'.repeat(57)}…" cannot be the id of a run\n  hint: an id begins with a letter, a digit or _, has at most 200 characters, and no blanks or control characters\n`,
  ]);
});

test('a step larger than a task can be fails, and the run with it ends in order', async () => {
  const dir = tempDir();
  const plan = writePlan(dir, {
    inputs: { A: { type: 'string' } },
    steps: [
      { id: 'large', command: 'cat', stdin: '${{ inputs.A }}${{ inputs.A }}' },
      { id: 'last', command: 'touch', args: ['seen'], depends_on: ['large'], trigger_rule: 'all_done' },
    ],
    globals: {},
  });
  writeFileSync(path.join(dir, 'inputs.json'), JSON.stringify({ A: noise(1_300_000) }));
  const { stdout } = await callCli(['run', plan, '--inputs', path.join(dir, 'inputs.json'), '--json'], { cwd: dir });
  expect((JSON.parse(stdout) as Ended).steps[0]).toMatchObject({
    reason: 'input_invalid',
    message: expect.stringMatching(/^InputError: the step with its templates expanded is 26\d+ bytes/) as string,
  });
});

test('a value with a NUL fails the step that would be given it, once, with its place', async () => {
  const dir = tempDir();
  const retry = { retries: 3, on_failure: 'continue', depends_on: ['says'] };
  const said = '${{ prev.says.outputs.stdout }}';
  const plan = writePlan(dir, {
    steps: [
      { id: 'says', command: 'printf', args: ['x\\0y'] },
      { id: 'arg', command: 'echo', args: ['a', said], ...retry },
      { id: 'env', command: 'true', env: { SAID: said }, ...retry },
      { id: 'stdin', command: 'test "$(tr "\\0" _)" = x_y', shell: true, stdin: said, depends_on: ['says'] },
    ],
  });
  const { stdout } = await callCli(['run', plan, '--json'], { cwd: dir });
  const ends = (JSON.parse(stdout) as Ended).steps.map(({ reason, message }) => [reason, message]);
  const why = 'holds a NUL character, which no argument, variable or path can carry; pass it by stdin or in a file';
  expect(ends).toEqual([
    [null, null],
    ['input_invalid', `args[1] ${why}`],
    ['input_invalid', `the environment variable SAID ${why}`],
    [null, null],
  ]);
});

test('a verb of megabytes is refused in words, and the run continues', async () => {
  const steps = [{ id: 'ask', step_def: { type: 'approval', message: 'go?' } }];
  const run = uniqueId('verb');
  await callCli(['start', writePlan(tempDir(), { steps }), '--id', run]);
  await eventually('it waits', async () => (await callCli(['status', run])).stdout.includes('waiting'));
  const { code, stderr } = await callCli(['approve', run, 'ask', '--comment', 'c'.repeat(5_000_000)]);
  expect([code, stderr]).toEqual([
    2,
    'error[refused]: Cannot approve: the request has 5000027 bytes, more than 131072\n  hint: put long texts into a file that the steps read, and name it\n',
  ]);
  const answer = async (characters: number): Promise<string> =>
    (await callCli(['answer', run, 'ask', 'a'.repeat(characters)])).stderr;
  expect(await answer(3_000_000)).toBe(
    'error[refused]: Cannot answer: the request has 3000024 bytes, more than 131072\n  hint: put long texts into a file that the steps read, and name it\n',
  );
  expect(await answer(70_000)).toBe('error[refused]: Cannot answer: the text has more than 65536 characters\n');
  expect((await callCli(['approve', run, 'ask'])).code).toBe(0);
  expect((await callCli(['watch', run])).code).toBe(0);
});

test('a run whose lock has too long a name is refused in words, and nothing of it runs', async () => {
  const dir = tempDir();
  const plan = writePlan(dir, {
    inputs: { A: { type: 'string' } },
    globals: { locks: ['${A}'] },
    steps: [{ id: 'a', command: 'touch', args: ['ran'] }],
  });
  const { code, stderr } = await callCli(['run', plan, '--input', `A=${'n'.repeat(1001)}`], { cwd: dir });
  expect([code, stderr.split('\n').at(-2)]).toEqual([
    2,
    "error[invalid_plan]: globals.locks: the expression '${A}' failed: the name of a lock may have at most 512 characters, not 1001",
  ]);
  expect(existsSync(path.join(dir, 'ran'))).toBe(false);
});
