import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OrchError } from '../../src/client/index.js';
import { accountId } from '../../src/contract/account-messages.js';
import { lockId, type LockRequest, type LockState } from '../../src/contract/lock-messages.js';
import type { ProgressView, VerbName } from '../../src/contract/run-messages.js';
import type { LoopView } from '../../src/contract/loop-messages.js';
import { configOf } from '../loop/sample.js';
import { eventually } from '../support/eventually.js';
import { loopRig } from '../support/loop-rig.js';
import { waitFor } from '../support/own-service.js';
import { uniqueId } from '../support/plans.js';
import { workerRig, type WorkerRig } from '../support/worker-rig.js';

let rig: WorkerRig;

beforeAll(async () => {
  rig = await workerRig();
});
afterAll(() => rig.close());

const says = (id: string, more: object = {}): object => ({
  id,
  command: `echo ${id} >> "$ORCH_RUN_ID"`,
  shell: true,
  ...more,
});
/** A step that waits for a person at once, one that runs at once, and one after each. */
const STEPS = [
  { id: 'gate', step_def: { type: 'approval' }, critical: false },
  says('ship', { depends_on: ['gate'] }),
  says('first'),
  says('last', { depends_on: ['first'] }),
];
/** Nothing but the person at once: its first workflow task makes no commands. */
const GATED = [STEPS[0], STEPS[1], says('last', { depends_on: ['ship'], trigger_rule: 'all_done' })];
const planOf = (steps: unknown[], more: object = {}): { source: unknown } => ({
  source: { plan_id: 'test', version: '1.0', steps, ...more },
});

type Ends = Record<string, string>;
const ALL: Ends = { gate: 'success', ship: 'success', first: 'success', last: 'success' };

interface Case {
  verb: VerbName;
  given?: { step?: string; text?: string; force?: boolean };
  /** Why it is refused; absent where it is accepted. */
  refusal?: string;
  /** How the steps end, once the run was resumed and the gate approved where these are still to be done. */
  ends: Ends;
  /** The run's status before that, where it is another one than `running`. */
  status?: 'paused';
}

const CASES: Case[] = [
  { verb: 'approve', given: { step: 'gate' }, ends: ALL },
  {
    verb: 'reject',
    given: { step: 'gate' },
    ends: { ...ALL, gate: 'rejected', ship: 'dependency_failed' },
  },
  { verb: 'skip', given: { step: 'gate' }, ends: { ...ALL, gate: 'operator' } },
  { verb: 'cancelStep', given: { step: 'gate' }, ends: { ...ALL, gate: 'operator', ship: 'dependency_failed' } },
  { verb: 'pause', ends: ALL, status: 'paused' },
  { verb: 'resume', refusal: 'Cannot resume the run: it is neither paused nor quarantined', ends: ALL },
  {
    verb: 'retry',
    given: { step: 'gate' },
    refusal: "Cannot retry step 'gate': only a failed step can be retried; it is waiting",
    ends: ALL,
  },
  {
    verb: 'answer',
    given: { step: 'gate', text: 'yes' },
    refusal: "Cannot answer step 'gate': it is not waiting for a person",
    ends: ALL,
  },
  {
    verb: 'cancel',
    given: { force: true },
    refusal:
      'Cannot cancel the run this way: cancel it by Temporal\'s own cancel, as `orch cancel` does; {"force": true} then also ends its `finally` steps',
    ends: ALL,
  },
];

interface Sent {
  id: string;
  /** The answer of an update: the verb's, or the reason of its refusal. */
  answer: Promise<unknown>;
}

/** Sends a verb as the first thing that a run hears. */
function send(id: string, way: (typeof WAYS)[number], { verb, given = {} }: Case): Sent {
  if (way === 'update') {
    const answer = rig.orch.steer(id, verb, { ...given, by: 'ann' }).catch((error: unknown) => {
      if (error instanceof OrchError) return `${error.code}: ${error.message}`;
      throw error;
    });
    return { id, answer };
  }
  return { id, answer: rig.handle(id).signal(verb, { ...given, by: 'ann' }) };
}

async function start(steps: unknown[]): Promise<string> {
  return (await rig.orch.start(planOf(steps), { runId: uniqueId('first'), baseDir: rig.dir })).run_id;
}

/** A run below another one: Temporal hands it its first message together with its start. */
async function startChild(): Promise<string> {
  const parent = uniqueId('parent');
  const source = {
    plan_id: 'parent',
    version: '1.0',
    steps: [{ id: 'sub', step_def: { type: 'plan', plan: 'c.json' } }],
  };
  const plans = { 'c.json': planOf(GATED).source };
  await rig.orch.start({ source, path: 'p.json', plans }, { runId: parent, baseDir: rig.dir });
  return eventually('the sub-plan runs', async () => (await progressOf(parent))?.steps[0]!.sub_runs?.[0]);
}

/** Undefined while the run does not answer: a machine may be busy. */
const progressOf = (id: string): Promise<ProgressView | undefined> => rig.orch.progress(id).catch(() => undefined);

const known = (id: string): Promise<ProgressView> => eventually('the run answers', () => progressOf(id));

const waits = (id: string): Promise<unknown> =>
  eventually('the gate waits, and what runs has ended', async () => {
    const { waiting, running } = (await progressOf(id))?.counts ?? {};
    return waiting === 1 && running === 0;
  });

/** Does what is still to be done, and gives how the steps ended. */
async function finish(id: string): Promise<{ ends: Ends; ran: string[] }> {
  if ((await known(id)).status === 'paused') await rig.orch.steer(id, 'resume', {});
  const gate = (await known(id)).steps.find((step) => step.id === 'gate');
  if (gate?.status === 'waiting') await rig.orch.steer(id, 'approve', { step: 'gate' });
  const { steps } = await rig.orch.result(id);
  const ends = Object.fromEntries(steps.map((step) => [step.id, step.reason ?? step.status]));
  return { ends, ran: linesOf(id) };
}

/** The steps that ran, one line for each time. */
function linesOf(id: string): string[] {
  const file = path.join(rig.dir, id);
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').sort() : [];
}

async function requestsOf(id: string): Promise<unknown[]> {
  const { events } = await rig.orch.record(id);
  return events.flatMap((event) =>
    event.type === 'operator-request' && event.by === 'ann' ? [[event.verb, event.via, event.accepted]] : [],
  );
}

const stepsOf = (ends: Ends, without: string[] = []): Ends =>
  Object.fromEntries(Object.entries(ends).filter(([id]) => !without.includes(id)));
const ranOf = (ends: Ends): string[] =>
  Object.keys(ends)
    .filter((id) => id !== 'gate' && ends[id] === 'success')
    .sort();

const MODES = [
  'of a run that was started while no worker polled',
  'of a run after a restart of its worker',
  'of a sub-plan after a restart of its worker',
] as const;

const WAYS = ['update', 'signal'] as const;

describe.each(MODES.flatMap((mode) => WAYS.map((way) => ({ mode, way }))))(
  'the first message $mode, by $way,',
  ({ mode, way }) => {
    const sent = new Map<string, Sent>();
    const child = mode === MODES[2];

    beforeAll(async () => {
      if (mode !== MODES[0]) await rig.startWorker();
      const ids = await Promise.all(CASES.map(() => (child ? startChild() : start(STEPS))));
      if (mode !== MODES[0]) await Promise.all(ids.map(waits));
      await rig.stopWorker();
      for (const [index, each] of CASES.entries()) sent.set(each.verb, send(ids[index]!, way, each));
      const answers = [...sent.values()].map(({ answer }) => answer);
      if (way === 'signal') await Promise.all(answers);
      await rig.startWorker();
      await Promise.all(answers);
    }, 120_000);
    afterAll(() => rig.stopWorker());

    test.each(CASES)(
      '$verb, is taken in once, and nothing that the run began with is lost',
      async ({ verb, refusal, ends, status }) => {
        const { id, answer } = sent.get(verb)!;
        if (way === 'update') {
          expect(await answer).toEqual(refusal === undefined ? expect.anything() : `refused: ${refusal}`);
        }
        expect((await known(id)).status).toMatch(status ?? /^(running|succeeded)$/);
        const expected = child ? { ...stepsOf(ends, ['first']), last: 'success' } : ends;
        expect(await finish(id)).toEqual({ ends: expected, ran: ranOf(expected) });
        const refusedUpdate = way === 'update' && refusal !== undefined; // its validator leaves no trace
        expect(await requestsOf(id)).toEqual(refusedUpdate ? [] : [[verb, way, refusal === undefined]]);
      },
    );
  },
);

test('early signals come in the order in which they were sent', async () => {
  const id = await start([STEPS[0], STEPS[1]]);
  for (const [verb, given] of [
    ['resume', {}],
    ['__temporal_unknown', {}],
    ['nonsense', {}],
    ['pause', {}],
    ['approve', { step: 'gate' }],
  ] as const) {
    await rig.handle(id).signal(verb, { ...given, by: 'ann' });
  }
  await rig.startWorker();
  await eventually('it is paused', async () => (await progressOf(id))?.status === 'paused');
  expect((await known(id)).counts).toMatchObject({ success: 1, pending: 1 });
  expect(await requestsOf(id)).toEqual([
    ['resume', 'signal', false],
    ['pause', 'signal', true],
    ['approve', 'signal', true],
  ]);
  expect(await finish(id)).toEqual({ ends: { gate: 'success', ship: 'success' }, ran: ['ship'] });
  await rig.stopWorker();
});

describe('a run that ends before its first workflow task', () => {
  test('canceled: it is canceled in its own way, with a record and its finally steps', async () => {
    const { run_id: id } = await rig.orch.start(planOf([says('a')], { finally: [says('clean')] }), {
      baseDir: rig.dir,
    });
    await rig.orch.cancel(id, { by: 'ann' });
    await rig.startWorker();
    const result = await rig.orch.result(id);
    expect(result.steps.map((step) => [step.id, step.reason ?? step.status])).toEqual([
      ['a', 'run_canceled'],
      ['clean', 'success'],
    ]);
    expect(linesOf(id)).toEqual(['clean']);
    expect(await rig.orch.describe(id)).toMatchObject({
      status: 'canceled',
      stale: false,
      progress: { status: 'canceled' },
    });
    expect((await rig.orch.explain(id, 'a')).lines).toEqual(['The run was canceled by ann.']);
    expect((await rig.orch.record(id)).events.at(-1)).toMatchObject({ type: 'run-finished', status: 'canceled' });
    await rig.stopWorker();
  });

  test('terminated: it is a run without steps to tell of, and that is said at once', async () => {
    const { run_id: id } = await rig.orch.start(planOf([says('a')]), { baseDir: rig.dir });
    await rig.handle(id).terminate('by hand');
    await rig.startWorker();
    expect(await rig.orch.describe(id)).toEqual({
      ...(await rig.orch.summary(id)),
      status: 'terminated',
      stale: false,
    });
    const none = { code: 'no_record', message: `The run '${id}' ended before it began, so there is no record of it` };
    await expect(rig.orch.explain(id, 'a')).rejects.toMatchObject(none);
    await expect(rig.orch.record(id)).rejects.toMatchObject(none);
    await rig.stopWorker();
  });
});

const request = (key: string): LockRequest => ({ key, run_id: key, temporal_run_id: key, settle_sec: 0 });

const MOMENTS = ['before it began', 'after a restart of its worker'] as const;

describe.each(MOMENTS)('what others hear %s', (moment) => {
  const restart = moment === MOMENTS[1];

  /** Starts a workflow by its first signal, and sends the others while no worker polls. */
  async function tell(type: string, id: string, [first, ...others]: [signal: string, given: unknown][]): Promise<void> {
    const options = { workflowId: id, taskQueue: 'orch', signal: first![0], signalArgs: [first![1]] };
    if (restart) await rig.startWorker();
    await rig.client.workflow.signalWithStart(type, options);
    if (restart)
      await eventually('it has begun', () =>
        rig
          .handle(id)
          .query('view')
          .then(
            () => true,
            () => false,
          ),
      );
    await rig.stopWorker();
    for (const [signal, given] of others) await rig.handle(id).signal(signal, given);
    await rig.startWorker();
  }
  afterAll(() => rig.stopWorker());

  test('a lock hears requests and releases in their order', async () => {
    const id = lockId(uniqueId('lock'));
    await tell('lock', id, [
      ['request', request('a')],
      ['request', request('b')],
      ['release', 'a'],
    ]);
    const state = await eventually('it answers', () =>
      rig
        .handle(id)
        .query<LockState>('view')
        .catch(() => undefined),
    );
    expect(state).toEqual({ holder: request('b'), waiters: [] });
  });

  test('an account hears of its limit and of those that wait', async () => {
    const now = Date.now();
    const until = now + 3_600_000;
    const id = accountId(uniqueId('account'));
    await tell('agentAccount', id, [
      ['park', { key: 'a', reset_at: until, at: now }],
      ['join', 'b'],
      ['park', { key: 'a', reset_at: until + 1, at: now }],
    ]);
    const state = await eventually('it answers', () =>
      rig
        .handle(id)
        .query('view')
        .catch(() => undefined),
    );
    expect(state).toEqual({ parked_until: until, hits: 1, last_wait: 3_600_000, waiting: ['a', 'b'] });
  });
});

const FIRST_TURN = 'iter-00001.supervisor';

describe.each(MOMENTS)('what a loop hears %s', (moment) => {
  test.each([
    { way: 'update', sent: ['pause'], status: 'paused' },
    { way: 'signal', sent: ['resume', 'pause'], status: 'paused' },
    { way: 'update', sent: ['stop'], status: 'stopped' },
    { way: 'signal', sent: ['pause', 'stop'], status: 'stopped' },
  ] as const)('$sent by $way: it begins no turn any more', async ({ way, sent, status }) => {
    const id = uniqueId('loop');
    const loop = loopRig(path.join(rig.dir, id), id, 'max_iterations: 1\npause_between_turns: true\n');
    const config = configOf(readFileSync(path.join(loop.dir, 'orchestration.yaml'), 'utf8'));
    // An update is taken in once the start was checked, and the first turn may begin just before: it ends when it is let.
    loop.inTurn(FIRST_TURN, waitFor(path.join(loop.control, 'go')));
    const loops = rig.orch.loops();
    const viewOf = (): Promise<LoopView | undefined> => loops.view(id).catch(() => undefined);
    const begun = moment === MOMENTS[1];
    if (begun) await rig.startWorker();
    else await rig.stopWorker();
    await loops.start(id, { config, baseDir: loop.dir, env: { PATH: process.env['PATH']! } });
    if (begun) {
      loop.open('go');
      await eventually('it pauses after its first turn', async () => (await viewOf())?.status === 'paused');
      await rig.stopWorker();
    }
    const refused: string[] = [];
    const answers: Promise<unknown>[] = [];
    for (const verb of sent) {
      if (way === 'signal') await rig.handle(id).signal(verb, { by: 'ann' });
      else answers.push(loops.steer(id, verb, { by: 'ann' }).catch((error: OrchError) => refused.push(error.code)));
    }
    await rig.startWorker();
    await Promise.all(answers);
    loop.open('go');
    await eventually(`it is ${status}`, async () => (await viewOf())?.status === status);
    expect(refused).toEqual(begun && way === 'update' && status === 'paused' ? ['refused'] : []);
    if (begun) expect(loop.starts()).toEqual([`${FIRST_TURN} supervisor.md`]);
    else if (way === 'signal') expect(loop.starts()).toEqual([]);
    else expect(loop.starts().length).toBeLessThanOrEqual(1);
    if (status === 'paused') await loops.steer(id, 'stop', {});
  });
});
