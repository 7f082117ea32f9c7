import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { callCli, sharedStateDir } from '../support/cli.js';
import { tempDir, writePlan } from '../support/plans.js';

interface Ended {
  status: string;
  steps: { id: string; status: string; reason: string | null; message: string | null }[];
}

/** About a quarter of what one expression may cost, on purpose without any use. */
const HEAVY = 'inputs.L.filter(a, inputs.L.exists(b, a + b == -1)).size()';
const inputs = { L: { type: 'array', default: Array.from({ length: 240 }, (_, i) => i) } };
const workerOf = (): number => {
  const text = readFileSync(path.join(sharedStateDir(), 'service', 'service.json'), 'utf8');
  return (JSON.parse(text) as { worker: { pid: number } }).worker.pid;
};

test('a plan whose steps compute for long is spread over many workflow tasks, and no worker dies of it', async () => {
  const steps = [
    {
      id: 'each',
      command: 'true',
      env: { X: `\${{ ${HEAVY} }}` },
      foreach: Array.from({ length: 60 }, (_, i) => i),
    },
  ];
  const plan = writePlan(tempDir(), { inputs, globals: { max_concurrency: 60 }, steps });
  expect((await callCli(['up'])).code).toBe(0);
  const before = workerOf();
  const { stdout } = await callCli(['run', plan, '--json']);
  expect((JSON.parse(stdout) as Ended).steps).toMatchObject([{ status: 'success', message: null }]);
  expect(workerOf()).toBe(before);
}, 240_000);

test('conditions that all come at once and take too long together fail their steps, by name', async () => {
  const steps = Array.from({ length: 40 }, (_, i) => ({
    id: `s${i}`,
    command: 'true',
    condition: `${HEAVY} == 0`,
    critical: false,
  }));
  const plan = writePlan(tempDir(), { inputs, steps });
  const before = workerOf();
  const { stdout } = await callCli(['run', plan, '--json']);
  const { status, steps: ended } = JSON.parse(stdout) as Ended;
  expect(status).toBe('succeeded');
  expect(ended[0]).toMatchObject({ status: 'success' });
  expect(ended[39]).toMatchObject({
    reason: 'expression_error',
    message: expect.stringContaining('too much was computed at once: the expressions that this run') as string,
  });
  expect(workerOf()).toBe(before);
}, 240_000);
