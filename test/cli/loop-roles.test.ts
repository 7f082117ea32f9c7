import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { BIN, callCli, type CliResult } from '../support/cli.js';
import { sharedRepository, type Clone } from '../support/clones.js';
import { eventually } from '../support/eventually.js';
import { loopRig, loopStatus, type LoopRig } from '../support/loop-rig.js';
import { OwnService, TAKE_OVER_MS } from '../support/own-service.js';
import { tempDir, uniqueId } from '../support/plans.js';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const own = new OwnService();
const children: ChildProcess[] = [];
beforeAll(async () => {
  await own.up();
  // The service's own worker could serve loops too; without it the server is one of a team.
  await own.killWorker();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => own.down('--stop-steps'));

/** Two machines: each with its own clone and its own state folder. */
function machines(prefix: string): Record<'supervisor' | 'main', Machine> & { rig: LoopRig } {
  const shared = sharedRepository();
  const one = shared.clone('one');
  one.write('.gitignore', '.control/\n');
  const rig = loopRig(one.dir, uniqueId(prefix), 'mode: role\ngit: {enabled: true, branch: main}\n');
  one.commit('.gitignore', '.control/\n');
  return { rig, supervisor: machine('supervisor', one), main: machine('main', shared.clone('two')) };
}

interface Machine {
  clone: Clone;
  call: (...args: string[]) => Promise<CliResult>;
  /** Starts the worker of its role, and waits until it polls. */
  work(): Promise<ChildProcess>;
}

function machine(role: string, clone: Clone): Machine {
  const env = { TEMPORAL_ADDRESS: own.service().server.address, ORCH_STATE_DIR: tempDir() };
  return {
    clone,
    call: (...args) => callCli(args, { cwd: clone.dir, env }),
    async work() {
      const child = spawn(process.execPath, [BIN, 'loop', 'worker', '--role', role, '--json'], {
        cwd: clone.dir,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      children.push(child);
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await eventually('the worker polls', () => output.includes('"ready":true'), TAKE_OVER_MS);
      return child;
    },
  };
}

const MARK = (control: string): string =>
  `echo "begin $ORCH_STEP_ID $PWD" >> '${control}/marks'; sleep 0.2; echo "end $ORCH_STEP_ID" >> '${control}/marks'`;

test('two machines, one loop: each role has its turns in its own clone, never both at once, and sees the other’s work', async () => {
  const { rig, supervisor, main } = machines('roles');
  for (const n of [1, 2]) {
    rig.inTurn(`iter-0000${n}.supervisor`, `${MARK(rig.control)}; echo "task ${n}" > input.md`);
    rig.inTurn(
      `iter-0000${n}.main`,
      `${MARK(rig.control)}; cp input.md '${rig.control}/seen-${n}'; echo "done ${n}" > docs/findings.md`,
    );
  }
  rig.inTurn('iter-00001.main', `mkdir -p docs; ${readFileSync(path.join(rig.control, 'iter-00001.main.sh'), 'utf8')}`);
  await Promise.all([supervisor.work(), main.work()]);
  const { code, stderr } = await supervisor.call('loop', '--id', rig.id, '--max-iterations', '2');
  expect([code, stderr]).toEqual([0, expect.stringContaining('success iteration 2 main')]);
  const marks = readFileSync(path.join(rig.control, 'marks'), 'utf8').trim().split('\n');
  const [one, two] = [supervisor.clone.dir, main.clone.dir];
  expect(marks).toEqual([
    `begin iter-00001.supervisor ${one}`,
    'end iter-00001.supervisor',
    `begin iter-00001.main ${two}`,
    'end iter-00001.main',
    `begin iter-00002.supervisor ${one}`,
    'end iter-00002.supervisor',
    `begin iter-00002.main ${two}`,
    'end iter-00002.main',
  ]);
  expect(readFileSync(path.join(rig.control, 'seen-2'), 'utf8')).toBe('task 2\n');
});

test('a role without a worker is shown as waiting for it; it goes on once there is one', async () => {
  const { rig, supervisor, main } = machines('waits');
  await supervisor.work();
  await supervisor.call('loop', 'start', '--id', rig.id, '--max-iterations', '1');
  const waits = await eventually(
    'it waits for main',
    async () => (await loopStatus(supervisor.call, rig.id)).waits_for_worker,
    TAKE_OVER_MS,
  );
  expect(waits).toEqual({ queue: 'orch-main', role: 'main' });
  const { stdout } = await supervisor.call('loop', 'status', rig.id);
  expect(stdout).toContain(
    'iteration 1 of 1, main: waits for a worker on the queue orch-main; start one with `orch loop worker --role main`',
  );
  expect(rig.starts()).toEqual(['iter-00001.supervisor supervisor.md']);
  await main.work();
  expect((await supervisor.call('loop', 'watch', rig.id)).code).toBe(0);
  expect(rig.starts()).toEqual(['iter-00001.supervisor supervisor.md', 'iter-00001.main main.md']);
});

test('kill -9 of the worker of main in its turn: another one on that machine goes on with it, and the agent is not run again', async () => {
  const { rig, supervisor, main } = machines('killed');
  rig.inTurn('iter-00001.main', `until [ -e '${rig.control}/go' ]; do sleep 0.05; done`);
  await supervisor.work();
  const worker = await main.work();
  await supervisor.call('loop', 'start', '--id', rig.id, '--max-iterations', '1');
  await eventually('main has its turn', () => rig.starts().length === 2, TAKE_OVER_MS);
  worker.kill('SIGKILL');
  await main.work();
  rig.open('go');
  expect((await supervisor.call('loop', 'watch', rig.id)).code).toBe(0);
  expect(rig.starts()).toEqual(['iter-00001.supervisor supervisor.md', 'iter-00001.main main.md']);
});

test('a role that is none is refused', async () => {
  const { code, stderr } = await callCli(['loop', 'worker', '--role', 'boss'], { cwd: tempDir() });
  expect([code, stderr]).toEqual([2, 'error[usage]: --role boss: use supervisor (galph) or main (ralph)\n']);
});
