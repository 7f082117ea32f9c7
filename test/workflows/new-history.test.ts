import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { chain, lines, LongRuns, shell } from '../support/long-runs.js';
import { uniqueId } from '../support/plans.js';
import { timerSummaries } from '../support/timer-summaries.js';
import { workerRig, type WorkerRig } from '../support/worker-rig.js';

/** Each step has an activity of its own: how many events groups make depends on how fast the machine is. */
const ONE_BY_ONE = { shortSteps: false };

let rig: WorkerRig;
let runs: LongRuns;

beforeAll(async () => {
  rig = await workerRig();
  runs = new LongRuns(rig);
  await rig.startWorker();
});

afterAll(() => rig.close());

test('a chain goes on from history to history: each step once, one record, one line in the list', async () => {
  const log = runs.file('chain');
  const runId = await runs.start({ steps: chain(30, log) }, ONE_BY_ONE);
  const result = await rig.orch.result(runId);
  expect(result.steps.map(({ status, attempts, exit_code }) => [status, attempts, exit_code])).toEqual(
    Array.from({ length: 30 }, () => ['success', 1, 0]),
  );
  expect(result.steps.every(({ started_at, finished_at }) => finished_at! >= started_at!)).toBe(true);
  expect(lines(log)).toEqual(Array.from({ length: 30 }, (_, i) => `c${i}`));
  expect(await runs.executions(runId)).toBeGreaterThan(3);
  const events = await runs.expectOneRecord(runId);
  expect(events.filter(({ type }) => type === 'step-started')).toHaveLength(30);
  expect(events.filter(({ type }) => type === 'step-succeeded')).toHaveLength(30);
  const listed = (await rig.orch.list({ limit: 100 })).filter((run) => run.run_id === runId);
  expect(listed).toMatchObject([
    { status: 'succeeded', started_at: result.started_at - (result.started_at - listed[0]!.started_at) },
  ]);
  expect(Math.abs(listed[0]!.started_at - result.started_at)).toBeLessThan(20_000);
});

test('a run that never rests leaves its history at about 3,000 events, which replay in less than two seconds', async () => {
  const runId = uniqueId('fan');
  const steps = Array.from({ length: 1_000 }, (_, i) => ({ id: `s${i}`, command: 'true' }));
  const fan = { plan_id: 'fan', version: '1.0', globals: { max_concurrency: 10 }, steps };
  await rig.orch.start({ source: fan }, { runId, baseDir: rig.dir, ...ONE_BY_ONE });
  expect(new Set((await rig.orch.result(runId)).steps.map(({ status }) => status))).toEqual(new Set(['success']));
  expect(await runs.executions(runId)).toBe(2);
  const { firstRunId } = (await rig.handle(runId).describe()).raw.workflowExecutionInfo!;
  const { events } = await rig.client.workflow.getHandle(runId, firstRunId!).fetchHistory();
  expect(events!.length).toBeGreaterThan(3_000);
  expect(events!.length).toBeLessThan(3_300);
});

test('a run whose start alone is large gets on, and does not go from history to history', async () => {
  const runId = uniqueId('heavy');
  const noise = Buffer.from(randomBytes(20_001 * 50)).toString('hex');
  const steps = Array.from({ length: 20_001 }, (_, i) => ({
    id: `s${i}`,
    command: 'true',
    args: [noise.slice(i * 100, (i + 1) * 100)],
    ...(i > 0 && { depends_on: [`s${i - 1}`] }),
  }));
  await rig.orch.start({ source: { plan_id: 'heavy', version: '1.0', steps } }, { runId, baseDir: rig.dir });
  const execution = async () => (await rig.handle(runId).describe()).raw.workflowExecutionInfo!;
  const first = (await execution()).firstRunId;
  const settled = await eventually(
    'steps have ended, or it has gone on without them',
    async () => {
      const now = await execution();
      return (Number(now.historyLength) > 30 || now.execution!.runId !== first) && now;
    },
    90_000,
  );
  expect(Number(settled.historySizeBytes)).toBeGreaterThan(1_048_576);
  expect(settled.execution!.runId).toBe(first);
  await rig.orch.cancel(runId);
  await rig.orch.result(runId);
});

test('a process, its retries, its locks and a list go along, and a person may speak in any history', async () => {
  const [log, once, gate, each, tries] = ['c', 'once', 'gate', 'each', 'tries'].map((name) => runs.file(name)) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const runId = await runs.start(
    {
      globals: { max_concurrency: 6, locks: [path.basename(gate)] },
      steps: [
        ...chain(30, log),
        {
          id: 'slow',
          ...shell(
            `echo ran >> ${once}; while [ ! -e ${gate} ]; do sleep 0.1; done; echo "said=yes" >> "$ORCH_OUTPUT"`,
          ),
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
    },
    ONE_BY_ONE,
  );
  await eventually(
    'the chain and the list have ended',
    async () => {
      const steps = (await runs.progressOf(runId))?.steps ?? [];
      return (
        steps.length > 0 &&
        steps.every(({ id, status }) => status === 'success' || ['slow', 'held', 'ask', 'sum'].includes(id))
      );
    },
    120_000,
  );
  expect(await runs.executions(runId)).toBeGreaterThan(3);
  expect((await rig.orch.locks()).map(({ name, holder }) => [name, holder?.run_id])).toEqual(
    expect.arrayContaining([
      [path.basename(gate), runId],
      [`${path.basename(gate)}-step`, runId],
    ]),
  );
  // What it asks is in the timeline of each history.
  expect(await timerSummaries(rig.handle(runId))).toContain('ask: asks well?');
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
  const events = await runs.expectOneRecord(runId);
  const failed = events.filter((event) => event.type === 'step-attempt-failed');
  expect(failed.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  await eventually('nobody holds a lock', async () =>
    (await rig.orch.locks()).every(({ holder }) => holder?.run_id !== runId),
  );
});

test('a quarantine, a retry by hand, a skip and a pause hold from one history to the next', async () => {
  const [log, fixed] = ['q', 'fixed'].map((name) => runs.file(name)) as [string, string];
  const runId = await runs.start(
    {
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
    },
    ONE_BY_ONE,
  );
  await eventually('it is quarantined', async () => (await runs.progressOf(runId))?.status === 'quarantined', 60_000);
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
  expect(await runs.executions(runId)).toBeGreaterThan(3);
  await runs.expectOneRecord(runId);
});

test('a cancel and a timeout of the run end it in whatever history it is, `finally` steps after that', async () => {
  const [log, last] = ['x', 'last'].map((name) => runs.file(name)) as [string, string];
  const endless = (timeout: object): Record<string, unknown> => ({
    globals: { max_concurrency: 3, ...timeout },
    steps: [...chain(20, log), { id: 'endless', ...shell('sleep 1000') }],
    finally: [{ id: 'clean', ...shell(`echo cleaned >> ${last}`) }],
  });
  const canceled = await runs.start(endless({}), ONE_BY_ONE);
  const timed = await runs.start(endless({ run_timeout_sec: 25 }), ONE_BY_ONE);
  const success = async (): Promise<number> => (await runs.progressOf(canceled))?.counts.success ?? 0;
  await eventually('the chain has ended', async () => (await success()) >= 20, 60_000);
  expect(await runs.executions(canceled)).toBeGreaterThan(1);
  await rig.orch.cancel(canceled);
  const [first, second] = await Promise.all([rig.orch.result(canceled), rig.orch.result(timed)]);
  expect(first.status).toBe('canceled');
  expect(second.status).toBe('failed');
  expect(second.finished_at - second.started_at).toBeGreaterThan(24_000);
  expect(second.finished_at - second.started_at).toBeLessThan(60_000);
  expect(lines(last)).toEqual(['cleaned', 'cleaned']);
  expect((await rig.handle(canceled).describe()).status.name).toBe('CANCELLED');
  await runs.expectOneRecord(canceled);
  await runs.expectOneRecord(timed);
});

test('a sub-plan goes on in new histories of its own, and the run above waits for its end', async () => {
  const log = runs.file('sub');
  const sub = { plan_id: 'sub', version: '1.0', steps: chain(25, log), outputs: { word: 'done' } };
  const runId = await runs.start(
    {
      steps: [{ id: 'one', step_def: { type: 'plan', plan: 'sub.json' } }, ...chain(12, log, { depends_on: ['one'] })],
    },
    { plans: { 'sub.json': sub }, ...ONE_BY_ONE },
  );
  const result = await rig.orch.result(runId);
  expect(result.status).toBe('succeeded');
  expect(await runs.executions(`${runId}.one`)).toBeGreaterThan(2);
  expect(lines(log)).toHaveLength(37);
  await runs.expectOneRecord(runId);
  await runs.expectOneRecord(`${runId}.one`);
});

test('a worker that goes while a run changes its history takes nothing along', async () => {
  const [log, once, gate] = ['w', 'once', 'gate'].map((name) => runs.file(name)) as [string, string, string];
  const runId = await runs.start({
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
  await runs.expectOneRecord(runId);
});

const groups = [
  { how: 'with an activity for each step', steps: 60, options: ONE_BY_ONE },
  { how: 'with groups of short steps', steps: 150, options: { historyEvents: 12 } },
];

test.each(groups)('verbs are taken in once each, whatever history they meet, $how', async ({ steps, options }) => {
  const log = runs.file('v');
  const last = { id: 'ask', depends_on: [`c${steps - 1}`], step_def: { type: 'approval' } };
  const runId = await runs.start({ steps: [...chain(steps, log), last] }, options);
  const asked = 40;
  for (let i = 0; i < asked; i += 1) {
    await rig.orch.steer(runId, i % 2 === 0 ? 'pause' : 'resume', { by: `n${i}` });
  }
  const waiting = async () => (await runs.progressOf(runId))?.steps.at(-1)?.status === 'waiting';
  await eventually('it asks', waiting, 60_000);
  await rig.orch.steer(runId, 'approve', { step: 'ask' });
  expect((await rig.orch.result(runId)).status).toBe('succeeded');
  const events = await runs.expectOneRecord(runId);
  const requests = events.flatMap((event) => (event.type === 'operator-request' ? [event] : []));
  expect(requests.slice(0, -1).map(({ verb, accepted, by }) => [verb, accepted, by])).toEqual(
    Array.from({ length: asked }, (_, i) => [i % 2 === 0 ? 'pause' : 'resume', true, `n${i}`]),
  );
  expect(await runs.executions(runId)).toBeGreaterThan(3);
  expect(lines(log)).toHaveLength(steps);
});

/** Steps with more outputs than a new history could be told. */
const LARGE = Array.from({ length: 24 }, (_, i) => `large${i}`);
const large = LARGE.map((id) => ({
  id,
  ...shell('echo "text=$(head -c 90000 /dev/urandom | base64 | tr -d "\\n")" >> "$ORCH_OUTPUT"'),
}));
/** Needs them all at the end. */
const reads = {
  depends_on: [...LARGE, 'gate'],
  condition: `${LARGE.map((id) => `size(prev.${id}.outputs.text)`).join(' + ')} > 0`,
  command: 'true',
};

test('a run with too much to carry says so, and ends by itself before the service would end it', async () => {
  const finallyRan = runs.file('finally');
  const waits = Array.from({ length: 30 }, (_, i) => ({
    id: `wait${i}`,
    depends_on: i === 0 ? LARGE : [`wait${i - 1}`],
    step_def: { type: 'wait', seconds: 0.01 },
  }));
  const runId = await runs.start(
    {
      steps: [...large, ...waits, { id: 'gate', step_def: { type: 'approval' } }, { id: 'reads', ...reads }],
      finally: [{ id: 'tidy', ...shell(`echo tidied >> ${finallyRan}`) }],
    },
    { historyEvents: 15 },
  );
  const why =
    /^has too much to carry into a new history \(2\.\d MB, mostly outputs that other steps read\), and is ended with history_full at 165 events$/;
  await eventually(
    'it says why it stays',
    async () => why.test((await runs.progressOf(runId))?.waits_for ?? ''),
    90_000,
  );
  const result = await rig.orch.result(runId);
  const ended = new Map(result.steps.map(({ id, status, reason }) => [id, [status, reason]]));
  expect([result.status, ended.get('gate'), ended.get('reads'), ended.get('tidy')]).toEqual([
    'failed',
    ['canceled', 'history_full'],
    ['canceled', 'history_full'],
    ['success', undefined],
  ]);
  expect(LARGE.map((id) => ended.get(id)?.[0])).toEqual(LARGE.map(() => 'success'));
  expect(lines(finallyRan)).toEqual(['tidied']);
  expect((await runs.expectOneRecord(runId)).at(-1)).toMatchObject({
    type: 'run-finished',
    status: 'failed',
    reason: 'history_full',
    message: 'The history of the run was full, and it could not continue in a new one',
  });
});

test('such a run ends as well where its steps end in the very task that makes its history full', async () => {
  const waits = Array.from({ length: 150 }, (_, i) => ({
    id: `wait${i}`,
    depends_on: LARGE,
    step_def: { type: 'wait', seconds: 1 },
  }));
  const runId = await runs.start(
    {
      steps: [...large, ...waits, { id: 'gate', step_def: { type: 'approval' } }, { id: 'reads', ...reads }],
      finally: [{ id: 'tidy', command: 'true' }],
    },
    { historyEvents: 15 },
  );
  const { status, steps } = await rig.orch.result(runId);
  const ended = new Map(steps.map((step) => [step.id, step.reason]));
  expect([status, ended.get('gate'), ended.get('reads')]).toEqual(['failed', 'history_full', 'history_full']);
  expect(steps.at(-1)).toMatchObject({ id: 'tidy', status: 'success' });
  await runs.expectOneRecord(runId);
});
