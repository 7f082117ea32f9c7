import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli, type CliResult } from '../support/cli.js';
import { eventually, isAlive } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

// A service of its own: these tests kill it.
let state: string;
let dir: string;
const orch = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: dir, env: { ORCH_STATE_DIR: state } });

beforeEach(() => {
  state = tempDir();
  dir = tempDir();
});
afterEach(async () => {
  await orch('down');
});

const step = (id: string, command: string, more: object = {}): object => ({ id, command, shell: true, ...more });
const ran = (): string[] => {
  try {
    return readFileSync(path.join(dir, 'ran'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

test.each(['worker', 'server'] as const)(
  'kill -9 of the %s while a sub-plan runs: it and the run above go on',
  async (which) => {
    const gate = step('gate', 'echo gate >> ran; until [ -e open ]; do sleep 0.1; done');
    writePlan(dir, { steps: [gate, step('inner', 'echo inner >> ran', { depends_on: ['gate'] })] }, 's.json');
    const main = writePlan(dir, {
      steps: [
        { id: 'b', step_def: { type: 'plan', plan: 's.json' } },
        step('last', 'echo last >> ran', { depends_on: ['b'] }),
      ],
    });
    const id = uniqueId(`${which}-killed`);
    await orch('start', main, '--id', id);
    await eventually('the gate runs', () => ran().includes('gate'));
    const record = JSON.parse(readFileSync(path.join(state, 'service', 'service.json'), 'utf8')) as Record<
      typeof which,
      { pid: number }
    >;
    const { pid } = record[which];
    process.kill(pid, 'SIGKILL');
    await eventually(`the ${which} is gone`, async () => !(await isAlive(pid)));
    expect((await orch('up')).code).toBe(0);
    writeFileSync(path.join(dir, 'open'), '');
    const { code, stdout } = await orch('watch', id, '--json');
    const { steps } = JSON.parse(stdout) as {
      steps: { id: string; status: string; attempts: number; sub_runs: string[] }[];
    };
    expect([code, steps.map((each) => [each.id, each.status, each.attempts, each.sub_runs])]).toEqual([
      0,
      [
        ['b', 'success', 1, [`${id}.b`]],
        ['last', 'success', 1, []],
      ],
    ]);
    expect(ran().filter((line) => line !== 'gate')).toEqual(['inner', 'last']);
  },
);
