import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manifestOf, type RunEvent } from '../../src/journal/index.js';
import { eventLines } from '../../src/records/event-file.js';
import { runDir } from '../../src/records/paths.js';
import { OrchError } from '../../src/client/errors.js';
import type { ProgressView } from '../../src/contract/run-messages.js';
import type { StartOptions } from '../../src/client/types.js';
import { eventually } from '../support/eventually.js';
import { uniqueId } from '../support/plans.js';
import { workerRig, type WorkerRig } from '../support/worker-rig.js';

/** Events after which these runs go on in a new history: a few steps. */
const HISTORY_EVENTS = 40;

let rig: WorkerRig;

beforeAll(async () => {
  rig = await workerRig();
  await rig.startWorker();
});

afterAll(() => rig.close());

type Steps = Record<string, unknown>[];

/** A chain of steps that each write a line of their own. */
function chain(count: number, log: string, first: Record<string, unknown> = {}): Steps {
  return Array.from({ length: count }, (_, i) => ({
    id: `c${i}`,
    ...(i === 0 ? first : { depends_on: [`c${i - 1}`] }),
    ...shell(`echo c${i} >> ${log}`),
  }));
}

function shell(script: string): Record<string, unknown> {
  return { step_def: { type: 'shell', script } };
}

async function start(plan: Record<string, unknown>, options: StartOptions & { plans?: object } = {}): Promise<string> {
  const { plans, ...rest } = options;
  const source = { plan_id: 'long', version: '1.0', ...plan };
  const runId = uniqueId('long');
  const toStart = { source, ...(plans === undefined ? {} : { path: 'plan.json', plans: { ...plans } }) };
  await rig.orch.start(toStart, { runId, baseDir: rig.dir, historyEvents: HISTORY_EVENTS, ...rest });
  return runId;
}

function file(name: string): string {
  return path.join(rig.dir, `${name}-${Math.random().toString(36).slice(2, 8)}`);
}

function lines(log: string): string[] {
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
}

/** What a run is doing; undefined where a busy machine does not answer in time. */
async function progressOf(runId: string): Promise<ProgressView | undefined> {
  return rig.orch.progress(runId).catch((error: unknown) => {
    if (error instanceof OrchError && ['no_worker', 'run_busy'].includes(error.code)) return undefined;
    throw error;
  });
}

/** How many executions a run has had so far. */
async function executions(runId: string): Promise<number> {
  const before = (await rig.handle(runId).describe()).raw.workflowExecutionInfo;
  let count = 1;
  let id = (await rig.handle(runId).fetchHistory()).events?.[0]?.workflowExecutionStartedEventAttributes;
  expect(before?.firstRunId).toBe(id?.firstExecutionRunId);
  while (id?.continuedExecutionRunId) {
    count += 1;
    const { events } = await rig.client.workflow.getHandle(runId, id.continuedExecutionRunId).fetchHistory();
    id = events?.[0]?.workflowExecutionStartedEventAttributes;
  }
  return count;
}

/** The record of a run is whole, whoever is asked: nothing twice, and no gap where histories meet. */
async function expectOneRecord(runId: string): Promise<RunEvent[]> {
  const { events, about } = await rig.orch.record(runId);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  expect(events.filter(({ type }) => type === 'run-created')).toHaveLength(1);
  expect(events.filter(({ type }) => type === 'run-finished')).toHaveLength(1);
  const folder = runDir(rig.dir, runId);
  expect(readFileSync(path.join(folder, 'events.ndjson'), 'utf8')).toBe(eventLines(events));
  expect(JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'))).toEqual(manifestOf(about, [...events]));
  return [...events];
}

test('a chain goes on from history to history: each step once, one record, one line in the list', async () => {
  const log = file('chain');
  const runId = await start({ steps: chain(30, log) });
  const result = await rig.orch.result(runId);
  expect(result.steps.map(({ status, attempts, exit_code }) => [status, attempts, exit_code])).toEqual(
    Array.from({ length: 30 }, () => ['success', 1, 0]),
  );
  expect(result.steps.every(({ started_at, finished_at }) => finished_at! >= started_at!)).toBe(true);
  expect(lines(log)).toEqual(Array.from({ length: 30 }, (_, i) => `c${i}`));
  expect(await executions(runId)).toBeGreaterThan(3);
  const events = await expectOneRecord(runId);
  expect(events.filter(({ type }) => type === 'step-started')).toHaveLength(30);
  expect(events.filter(({ type }) => type === 'step-succeeded')).toHaveLength(30);
  const listed = (await rig.orch.list({ limit: 100 })).filter((run) => run.run_id === runId);
  expect(listed).toMatchObject([
    { status: 'succeeded', started_at: result.started_at - (result.started_at - listed[0]!.started_at) },
  ]);
  expect(Math.abs(listed[0]!.started_at - result.started_at)).toBeLessThan(20_000);
});

test('a process, its retries, its locks and a list go along, and a person may speak in any history', async () => {
  const [log, once, gate, each, tries] = ['c', 'once', 'gate', 'each', 'tries'].map(file) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const runId = await start({
    globals: { max_concurrency: 6, locks: [path.basename(gate)] },
    steps: [
      ...chain(30, log),
      {
        id: 'slow',
        ...shell(`echo ran >> ${once}; while [ ! -e ${gate} ]; do sleep 0.1; done; echo "said=yes" >> "$ORCH_OUTPUT"`),
      },
      { id: 'held', locks: [`${path.basename(gate)}-step`], ...shell(`while [ ! -e ${gate} ]; do sleep 0.1; done`) },
      { id: 'flaky', retries: 3, retry_delay_sec: 1, ...shell(`echo t >> ${tries}; [ $(wc -l < ${tries}) -ge 4 ]`) },
      {
        id: 'each',
        foreach: Array.from({ length: 25 }, (_, i) => i),
        max_parallel: 2,
        ...shell(`echo $ITEM >> ${each}; echo "n=$ITEM" >> "$ORCH_OUTPUT"`),
        env: { ITEM: '${{ item }}' },
      },
      { id: 'ask', step_def: { type: 'approval', message: 'well?' } },
      {
        id: 'sum',
        depends_on: ['each', 'slow', 'ask'],
        ...shell('echo "$LIST" "$SAID"'),
        env: { LIST: '${{ prev.each.outputs.n }}', SAID: '${{ prev.slow.outputs.said }}' },
      },
    ],
  });
  await eventually(
    'the chain and the list have ended',
    async () => {
      const steps = (await progressOf(runId))?.steps ?? [];
      return (
        steps.length > 0 &&
        steps.every(({ id, status }) => status === 'success' || ['slow', 'held', 'ask', 'sum'].includes(id))
      );
    },
    120_000,
  );
  expect(await executions(runId)).toBeGreaterThan(3);
  expect((await rig.orch.locks()).map(({ name, holder }) => [name, holder?.run_id])).toEqual(
    expect.arrayContaining([
      [path.basename(gate), runId],
      [`${path.basename(gate)}-step`, runId],
    ]),
  );
  await rig.orch.steer(runId, 'approve', { step: 'ask', by: 'eve' });
  writeFileSync(gate, '');
  const result = await rig.orch.result(runId);
  expect(result.status).toBe('succeeded');
  expect(lines(once)).toEqual(['ran']);
  expect(lines(each).sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 25 }, (_, i) => String(i)));
  const stepOf = (id: string) => result.steps.find((step) => step.id === id)!;
  expect(stepOf('slow')).toMatchObject({ status: 'success', attempts: 1, outputs: { said: 'yes' } });
  expect(stepOf('flaky')).toMatchObject({ status: 'success', attempts: 4 });
  expect(stepOf('each').outputs).toEqual({ n: Array.from({ length: 25 }, (_, i) => String(i)) });
  expect(stepOf('ask').message).toBe('approved by eve');
  expect(readFileSync(path.join(stepOf('sum').log_dir!, 'stdout.log'), 'utf8')).toContain('24');
  const events = await expectOneRecord(runId);
  const failed = events.filter((event) => event.type === 'step-attempt-failed');
  expect(failed.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  await eventually('nobody holds a lock', async () =>
    (await rig.orch.locks()).every(({ holder }) => holder?.run_id !== runId),
  );
});

test('a quarantine, a retry by hand, a skip and a pause hold from one history to the next', async () => {
  const [log, fixed] = ['q', 'fixed'].map(file) as [string, string];
  const runId = await start({
    globals: { on_abort: 'quarantine', max_concurrency: 2 },
    steps: [
      ...chain(16, log),
      { id: 'bad', depends_on: ['c15'], ...shell(`[ -e ${fixed} ]`) },
      { id: 'not', depends_on: ['bad'], ...shell('true') },
      ...chain(16, log, { depends_on: ['not'] }).map((step) => ({
        ...step,
        id: `d${step['id'] as string}`,
        depends_on: (step['depends_on'] as string[]).map((id) => (id === 'not' ? id : `d${id}`)),
      })),
    ],
  });
  await eventually('it is quarantined', async () => (await progressOf(runId))?.status === 'quarantined', 60_000);
  writeFileSync(fixed, '');
  await rig.orch.steer(runId, 'pause', {});
  await rig.orch.steer(runId, 'retry', { step: 'bad' });
  await rig.orch.steer(runId, 'skip', { step: 'not' });
  expect((await rig.orch.progress(runId)).status).toBe('paused');
  await rig.orch.steer(runId, 'resume', {});
  const result = await rig.orch.result(runId);
  expect(result.status).toBe('succeeded');
  expect(result.steps.find(({ id }) => id === 'bad')).toMatchObject({ status: 'success', attempts: 2 });
  expect(result.steps.find(({ id }) => id === 'not')).toMatchObject({ status: 'skipped', reason: 'operator' });
  expect(lines(log)).toHaveLength(32);
  expect(await executions(runId)).toBeGreaterThan(3);
  await expectOneRecord(runId);
});

test('a cancel and a timeout of the run end it in whatever history it is, `finally` steps after that', async () => {
  const [log, last] = ['x', 'last'].map(file) as [string, string];
  const endless = (timeout: object): Record<string, unknown> => ({
    globals: { max_concurrency: 3, ...timeout },
    steps: [...chain(20, log), { id: 'endless', ...shell('sleep 1000') }],
    finally: [{ id: 'clean', ...shell(`echo cleaned >> ${last}`) }],
  });
  const canceled = await start(endless({}));
  const timed = await start(endless({ run_timeout_sec: 25 }));
  for (const id of [canceled]) {
    await eventually('the chain has ended', async () => ((await progressOf(id))?.counts.success ?? 0) >= 20, 60_000);
  }
  expect(await executions(canceled)).toBeGreaterThan(1);
  await rig.orch.cancel(canceled);
  const [first, second] = await Promise.all([rig.orch.result(canceled), rig.orch.result(timed)]);
  expect(first.status).toBe('canceled');
  expect(second.status).toBe('failed');
  expect(second.finished_at - second.started_at).toBeGreaterThan(24_000);
  expect(second.finished_at - second.started_at).toBeLessThan(60_000);
  expect(lines(last)).toEqual(['cleaned', 'cleaned']);
  expect((await rig.handle(canceled).describe()).status.name).toBe('CANCELLED');
  await expectOneRecord(canceled);
  await expectOneRecord(timed);
});

test('a sub-plan goes on in new histories of its own, and the run above waits for its end', async () => {
  const log = file('sub');
  const sub = { plan_id: 'sub', version: '1.0', steps: chain(25, log), outputs: { word: 'done' } };
  const runId = await start(
    {
      steps: [{ id: 'one', step_def: { type: 'plan', plan: 'sub.json' } }, ...chain(12, log, { depends_on: ['one'] })],
    },
    { plans: { 'sub.json': sub } },
  );
  const result = await rig.orch.result(runId);
  expect(result.status).toBe('succeeded');
  expect(await executions(`${runId}.one`)).toBeGreaterThan(2);
  expect(lines(log)).toHaveLength(37);
  await expectOneRecord(runId);
  await expectOneRecord(`${runId}.one`);
});

test('a worker that goes while a run changes its history takes nothing along', async () => {
  const [log, once, gate] = ['w', 'once', 'gate'].map(file) as [string, string, string];
  const runId = await start({
    steps: [
      ...chain(40, log),
      { id: 'slow', ...shell(`echo ran >> ${once}; while [ ! -e ${gate} ]; do sleep 0.1; done`) },
    ],
  });
  for (const count of [8, 20, 32]) {
    await eventually(`${count} steps have ended`, () => lines(log).length >= count, 60_000);
    await rig.stopWorker();
    await rig.startWorker();
  }
  await eventually('the chain has ended', () => lines(log).length === 40, 60_000);
  appendFileSync(gate, '');
  expect((await rig.orch.result(runId)).status).toBe('succeeded');
  expect(lines(log)).toEqual(Array.from({ length: 40 }, (_, i) => `c${i}`));
  expect(lines(once)).toEqual(['ran']);
  await expectOneRecord(runId);
});

test('verbs are taken in once each, whatever history they meet', async () => {
  const log = file('v');
  const runId = await start({ steps: chain(60, log) });
  const asked = 40;
  for (let i = 0; i < asked; i += 1) {
    await rig.orch.steer(runId, i % 2 === 0 ? 'pause' : 'resume', { by: `n${i}` });
  }
  expect((await rig.orch.result(runId)).status).toBe('succeeded');
  const events = await expectOneRecord(runId);
  const requests = events.flatMap((event) => (event.type === 'operator-request' ? [event] : []));
  expect(requests.map(({ verb, accepted, by }) => [verb, accepted, by])).toEqual(
    Array.from({ length: asked }, (_, i) => [i % 2 === 0 ? 'pause' : 'resume', true, `n${i}`]),
  );
  expect(await executions(runId)).toBeGreaterThan(3);
  expect(lines(log)).toHaveLength(60);
});
