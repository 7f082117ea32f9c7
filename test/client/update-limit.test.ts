import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { workerRig, type WorkerRig } from '../support/worker-rig.js';

let rig: WorkerRig;

beforeAll(async () => {
  rig = await workerRig(['history.maxTotalUpdates=2', 'history.maximumSignalsPerExecution=5'], 10_000);
  await rig.startWorker();
});
afterAll(() => rig.close());

const gate = (id: string): object => ({ id, step_def: { type: 'approval' } });

const sub = { plan_id: 'sub', version: '1.0', steps: [gate('s')] };
/** A sub-plan that waits keeps the run in its history, with the updates that it has had. */
const held = { id: 'sub', step_def: { type: 'plan', plan: 'sub.json' } };

const start = async (...more: object[]): Promise<string> => {
  const source = { plan_id: 'test', steps: [gate('a'), gate('b'), ...more] };
  const { run_id } = await rig.orch.start({ source, plans: { 'sub.json': sub } }, { baseDir: rig.dir });
  await eventually('it waits', async () => (await rig.orch.progress(run_id).catch(() => undefined))?.counts.waiting);
  if (more.length > 0) await eventually('its sub-plan waits', () => rig.orch.progress(`${run_id}.sub`).catch(() => {}));
  return run_id;
};

const historyOf = async (id: string): Promise<string> => (await rig.client.workflow.getHandle(id).describe()).runId;

test('a run that nothing keeps in its history goes on in a new one, which takes updates again', async () => {
  const id = await start();
  for (const round of [1, 2]) {
    const before = await historyOf(id);
    expect(await rig.orch.steer(id, 'pause', {})).toEqual({ status: 'paused' });
    expect(await rig.orch.steer(id, 'resume', {})).toEqual({ status: 'running' });
    await eventually(`it has changed its history, ${round}`, async () => (await historyOf(id)) !== before);
  }
  expect(await rig.orch.steer(id, 'approve', { step: 'a' })).toEqual({ step: 'a', status: 'success' });
  await rig.orch.cancel(id);
  const { events } = await rig.orch.record(id);
  expect(events.filter(({ type }) => type === 'operator-request').map((event) => 'via' in event && event.via)).toEqual(
    Array.from({ length: 5 }, () => 'update'),
  );
});

test('a run that has had its updates is steered by signals; the answers say so, and refusals stay refusals', async () => {
  const id = await start(held);
  expect(await rig.orch.steer(id, 'pause', {})).toEqual({ status: 'paused' });
  expect(await rig.orch.steer(id, 'resume', {})).toEqual({ status: 'running' });
  expect(await rig.orch.steer(id, 'approve', { step: 'a', comment: 'fine' })).toEqual({
    step: 'a',
    status: 'success',
    sent_as: 'signal',
  });
  expect(await rig.orch.steer(id, 'pause', {})).toEqual({ status: 'paused', sent_as: 'signal' });
  await expect(rig.orch.steer(id, 'pause', {})).rejects.toMatchObject({
    code: 'refused',
    message: 'Cannot pause the run: it is already paused',
  });
  await expect(rig.orch.steer(id, 'skip', { step: 'c' })).rejects.toMatchObject({
    code: 'refused',
    message: "The plan has no step 'c'; it has a, b, sub",
  });
  expect(await rig.orch.steer(id, 'approve', { step: 'b' })).toEqual({
    step: 'b',
    status: 'success',
    sent_as: 'signal',
  });
  await rig.orch.steer(`${id}.sub`, 'approve', { step: 's' });
  expect((await rig.orch.result(id)).status).toBe('succeeded');
  const { events } = await rig.orch.record(id);
  expect(events.filter(({ type }) => type === 'operator-request')).toMatchObject([
    { verb: 'pause', via: 'update', accepted: true },
    { verb: 'resume', via: 'update', accepted: true },
    { verb: 'approve', via: 'signal', accepted: true, step: 'a', comment: 'fine' },
    { verb: 'pause', via: 'signal', accepted: true },
    { verb: 'pause', via: 'signal', accepted: false },
    { verb: 'skip', via: 'signal', accepted: false, step: 'c' },
    { verb: 'approve', via: 'signal', accepted: true, step: 'b' },
  ]);
});

test('a signal of megabytes is refused in words before it is sent, as an update is', async () => {
  const id = await start(held);
  for (const verb of ['pause', 'resume'] as const) await rig.orch.steer(id, verb, {});
  await expect(rig.orch.steer(id, 'approve', { step: 'a', comment: 'c'.repeat(3_000_000) })).rejects.toMatchObject({
    code: 'refused',
    message: 'Cannot approve: the request has 3000025 bytes, more than 131072',
  });
  expect(await rig.orch.steer(id, 'approve', { step: 'a' })).toMatchObject({ sent_as: 'signal' });
  const { events } = await rig.orch.record(id);
  expect(events.filter(({ type }) => type === 'operator-request')).toHaveLength(3);
  await rig.orch.cancel(id);
});

test('a run that has had its signals, too, says so, and is canceled as ever', async () => {
  const id = await start(held);
  for (let sent = 0; sent < 7; sent += 1) await rig.orch.steer(id, sent % 2 === 0 ? 'pause' : 'resume', {});
  await expect(rig.orch.steer(id, 'approve', { step: 'a' })).rejects.toMatchObject({
    code: 'too_many_requests',
    message: `'${id}' has had as many requests as Temporal allows for one execution`,
  });
  await rig.orch.cancel(id);
  expect((await rig.orch.result(id)).status).toBe('canceled');
});

test('without a worker nothing is sent as a signal', async () => {
  const id = await start(held);
  await rig.orch.steer(id, 'pause', {});
  await rig.orch.steer(id, 'resume', {});
  await rig.stopWorker();
  try {
    await expect(rig.orch.steer(id, 'pause', {})).rejects.toMatchObject({ code: 'no_worker' });
  } finally {
    await rig.startWorker();
  }
  await eventually('it answers', () => rig.orch.progress(id).catch(() => undefined));
  expect((await rig.orch.progress(id)).status).toBe('running');
});
