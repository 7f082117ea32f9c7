import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli, startCli, type CliResult } from '../support/cli.js';
import { eventually, isAlive } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

// A service of its own: these tests kill it.
let state: string;
let dir: string;
const orch = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: dir, env: { ORCH_STATE_DIR: state } });

interface ServiceRecord {
  server: { pid: number };
  worker: { pid: number };
}
const service = (): ServiceRecord =>
  JSON.parse(readFileSync(path.join(state, 'service', 'service.json'), 'utf8')) as ServiceRecord;

beforeEach(() => {
  state = tempDir();
  dir = tempDir();
});
afterEach(async () => {
  await orch('down');
});

/** Each step writes a line; `gate` waits until the test opens it. */
const plan = {
  steps: [
    { id: 'first', command: 'echo first >> ran', shell: true },
    {
      id: 'gate',
      command: 'echo gate >> ran; until [ -e open ]; do sleep 0.1; done',
      shell: true,
      depends_on: ['first'],
    },
    { id: 'last', command: 'echo last >> ran', shell: true, depends_on: ['gate'] },
  ],
};
const ran = (): string[] => {
  try {
    return readFileSync(path.join(dir, 'ran'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

test('kill -9 of the worker: the run goes on, and finished steps are not run again', async () => {
  const id = uniqueId('worker-killed');
  await orch('start', writePlan(dir, plan), '--id', id);
  await eventually('the gate runs', () => ran().includes('gate'));
  process.kill(service().worker.pid, 'SIGKILL');
  await eventually('the worker is gone', async () => !(await isAlive(service().worker.pid)));
  await orch('up');
  writeFileSync(path.join(dir, 'open'), '');
  const result = await orch('watch', id, '--json');
  expect(result.code).toBe(0);
  const { steps } = JSON.parse(result.stdout) as { steps: { id: string; status: string; attempts: number }[] };
  expect(steps.map((step) => [step.id, step.status, step.attempts])).toEqual([
    ['first', 'success', 1],
    ['gate', 'success', 1], // a lost worker is no failed attempt
    ['last', 'success', 1],
  ]);
  expect(ran()).toEqual(['first', 'gate', 'last']); // the gate's process outlived its worker
});

test('kill -9 of the Temporal server: started again on its file, the run goes on', async () => {
  const id = uniqueId('server-killed');
  const following = startCli(['run', writePlan(dir, plan), '--id', id], { cwd: dir, env: { ORCH_STATE_DIR: state } });
  await eventually('the gate runs', () => ran().includes('gate'));
  process.kill(service().server.pid, 'SIGKILL');
  await eventually('the server is gone', async () => !(await isAlive(service().server.pid)));
  expect((await orch('up')).code).toBe(0);
  writeFileSync(path.join(dir, 'open'), '');
  const { code, stdout, stderr } = await following.ended; // it followed through the outage
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  expect(stdout).toContain(`${id} succeeded`);
  expect(ran()).toEqual(['first', 'gate', 'last']);
});

test.each(['worker', 'server'] as const)(
  'kill -9 of the %s: a lock stays with its run, and who waits goes on waiting',
  async (victim) => {
    const held = { steps: [{ ...plan.steps[1]!, id: 'gate', depends_on: [], locks: ['the-lock'] }] };
    const next = { steps: [{ id: 'next', command: 'echo next >> ran', shell: true, locks: ['the-lock'] }] };
    const [first, second] = [uniqueId('holder'), uniqueId('waiter')];
    await orch('start', writePlan(dir, held, 'held.json'), '--id', first);
    await eventually('the gate runs', () => ran().includes('gate'));
    await orch('start', writePlan(dir, next, 'next.json'), '--id', second);
    const line = async (): Promise<string> => (await orch('locks')).stdout.split('\n')[1] ?? '';
    const asExpected = new RegExp(`^the-lock +${first}:gate +${second}:next$`);
    await eventually('the second one waits', async () => asExpected.test(await line()));
    process.kill(service()[victim].pid, 'SIGKILL');
    await eventually(`the ${victim} is gone`, async () => !(await isAlive(service()[victim].pid)));
    expect((await orch('up')).code).toBe(0);
    expect(await line()).toMatch(asExpected);
    writeFileSync(path.join(dir, 'open'), '');
    for (const id of [first, second]) expect((await orch('watch', id)).code).toBe(0);
    expect(ran().at(-1)).toBe('next');
    expect((await orch('locks')).stderr).toBe('no locks are held\n');
  },
);
