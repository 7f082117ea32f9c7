import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { callCli, startCli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

interface Ended {
  status: string;
  steps: { id: string; status: string; reason: string | null; message: string | null; log_dir: string }[];
}
const lines = (dir: string, file: string): string[] =>
  readFileSync(path.join(dir, file), 'utf8').trim().split('\n').toSorted();

test('one instance per element, of a literal, an input, and an earlier step’s output; outputs are lists', async () => {
  const dir = tempDir();
  const steps = [
    {
      id: 'literal',
      command: 'sh',
      args: [
        '-c',
        'echo "$0 $1" >> literal; echo "name=$0-done" >> "$ORCH_OUTPUT"',
        '${{ item.name }}',
        '${{ index }}',
      ],
      foreach: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
      max_parallel: 2,
    },
    {
      id: 'input',
      command: 'echo "$WHO" >> input',
      shell: true,
      env: { WHO: '${{ item }}' },
      condition: "env.HOME != ''",
      foreach: '${{ inputs.NAMES }}',
    },
    {
      id: 'output',
      command: 'sh',
      args: ['-c', 'echo "$0 $ORCH_STEP_ID" >> output', '${{ item }}'],
      foreach: 'prev.literal.outputs.name',
      depends_on: ['literal'],
    },
    { id: 'empty', command: 'false', foreach: [] },
    {
      id: 'all',
      command: 'test',
      args: ['${{ prev.literal.outputs.name }}', '=', '["a-done","b-done","c-done"]'],
      depends_on: ['literal', 'empty'],
    },
  ];
  const plan = writePlan(dir, { inputs: { NAMES: { type: 'array', default: ['x', 'y'] } }, steps });
  const { code, stdout } = await callCli(['run', plan, '--json'], { cwd: dir });
  expect((JSON.parse(stdout) as Ended).steps.map((step) => [step.id, step.status])).toEqual([
    ['literal', 'success'],
    ['input', 'success'],
    ['output', 'success'],
    ['empty', 'success'],
    ['all', 'success'],
  ]);
  expect(code).toBe(0);
  expect(lines(dir, 'literal')).toEqual(['a 0', 'b 1', 'c 2']);
  expect(lines(dir, 'input')).toEqual(['x', 'y']);
  expect(lines(dir, 'output')).toEqual(['a-done output[0]', 'b-done output[1]', 'c-done output[2]']);
});

test('all instances run; then the step is failed if any failed, with retries for each', async () => {
  const dir = tempDir();
  const steps = [
    {
      id: 'each',
      command: 'sh',
      args: ['-c', 'echo "$0 $ORCH_ATTEMPT" >> ran; test "$0" != 2', '${{ item }}'],
      foreach: [1, 2, 3],
      retries: 1,
    },
    { id: 'bad-list', command: 'true', foreach: '[[1]][inputs.N]', critical: false },
  ];
  const plan = writePlan(dir, { inputs: { N: { type: 'integer', default: 3 } }, steps });
  const { stdout } = await callCli(['run', plan, '--json'], { cwd: dir });
  const [each, bad] = (JSON.parse(stdout) as Ended).steps;
  expect(each).toMatchObject({
    status: 'failed',
    reason: 'exit_non_zero',
    message: '1 of 3 instances failed: each[1] (exited with code 1)',
  });
  expect(path.basename(path.dirname(each!.log_dir))).toBe('each%5B1%5D');
  expect(lines(dir, 'ran')).toEqual(['1 1', '2 1', '2 2', '3 1']);
  expect(bad).toMatchObject({ reason: 'expression_error' });
});

test('max_concurrency and max_parallel hold for instances, and a cancel ends those that wait', async () => {
  const dir = tempDir();
  const id = uniqueId('many');
  const steps = [
    {
      id: 'a',
      command: 'echo a >> started; sleep 60',
      shell: true,
      foreach: Array.from({ length: 40 }, (_, i) => i),
    },
    {
      id: 'b',
      command: 'echo b >> started; sleep 60',
      shell: true,
      foreach: [1, 2, 3, 4],
      max_parallel: 1,
    },
    { id: 'c', command: 'echo c >> started; sleep 60', shell: true },
  ];
  const cli = startCli(['run', writePlan(dir, { globals: { max_concurrency: 3 }, steps }), '--id', id], { cwd: dir });
  await eventually('three instances run', () => {
    try {
      return lines(dir, 'started').length >= 3;
    } catch {
      return false;
    }
  });
  await callCli(['cancel', id]);
  expect((await cli.ended).code).toBe(4);
  expect(lines(dir, 'started').length).toBe(3);
});

test('what foreach cannot be is told at load', async () => {
  const dir = tempDir();
  const steps = [
    { id: 'a', command: 'echo', args: ['${{ item }}'] },
    { id: 'b', command: 'true', foreach: [1], condition: 'item == 1' },
    { id: 'c', command: 'true', max_parallel: 2 },
    { id: 'd', step_def: { type: 'noop' }, foreach: [1] },
  ];
  const { code, stdout } = await callCli(['validate', writePlan(dir, { steps }), '--json'], { cwd: dir });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; path: string }[] };
  expect([code, diagnostics.map((each) => `${each.code} ${each.path}`)]).toEqual([
    2,
    [
      'item_outside_foreach steps[0].args[0]',
      'item_outside_foreach steps[1].condition',
      'conflicting_keys steps[2].max_parallel',
      'conflicting_keys steps[3].foreach',
    ],
  ]);
});
