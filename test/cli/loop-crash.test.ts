import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eventually } from '../support/eventually.js';
import { loopRig, loopStatus, wanted } from '../support/loop-rig.js';
import { OwnService } from '../support/own-service.js';
import { runCli } from '../support/cli.js';
import { uniqueId } from '../support/plans.js';
import { seededRandom } from '../support/seeded-random.js';

// LOOP_ITERATIONS=200 LOOP_KILLS=10 is the long form: each kill costs the time until the next worker takes over.
// Below some 30 iterations a loop does not continue as new.
const ITERATIONS = Number(process.env['LOOP_ITERATIONS'] ?? 40);
const KILLS = Number(process.env['LOOP_KILLS'] ?? 3);

vi.setConfig({ testTimeout: 600_000 + KILLS * 60_000, hookTimeout: 180_000 });

const own = new OwnService();
beforeAll(() => own.up());
afterAll(() => own.down('--stop-steps'));

test(`${ITERATIONS} iterations, the worker killed ${KILLS} times at random: both turns of each happened once and in order`, async () => {
  const id = uniqueId('crash');
  const rig = loopRig(path.join(own.dir, id), id);
  const call = (...args: string[]) => runCli(args, { cwd: rig.dir, env: { ORCH_STATE_DIR: own.state } });
  const { code, stderr } = await call('loop', 'start', '--id', rig.id, '--max-iterations', String(ITERATIONS));
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  const all = wanted(1, ITERATIONS);
  const random = seededRandom('kills of the worker');
  for (let kill = 1; kill <= KILLS; kill += 1) {
    // Spread over the loop, and at any moment within a turn.
    const at = Math.floor((all.length * (kill - 0.5)) / KILLS);
    await eventually(`turn ${at} has begun`, () => rig.starts().length >= at, 300_000);
    await sleep(random() * 500);
    await own.killWorker();
    expect((await own.orch('up')).code).toBe(0);
  }
  await eventually(
    'the loop has ended',
    async () => (await loopStatus(call, rig.id)).service_status !== 'running',
    ITERATIONS * 10_000,
  );
  const { view, service_status } = await loopStatus(call, rig.id);
  expect([service_status, view?.status, view?.turns]).toEqual(['completed', 'completed', all.length]);
  expect(rig.starts()).toEqual(all);
  const log = readFileSync(path.join(own.state, 'runs', rig.id, 'loop.log'), 'utf8');
  expect(log.split('\n').filter((line) => line.startsWith('[router]'))).toHaveLength(all.length);
  // It continued as new on the way, so its history stays small however long it runs.
  const { events } = await own.client.workflow.getHandle(rig.id).fetchHistory();
  expect(events?.length).toBeLessThan(800);
  const runs: string[] = [];
  for await (const { runId } of own.client.workflow.list({ query: `WorkflowId = '${rig.id}'` })) runs.push(runId);
  expect(runs.length).toBeGreaterThan(1);
});
