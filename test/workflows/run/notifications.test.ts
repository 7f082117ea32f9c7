import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { jsonCopy } from '../../../src/contract/columns.js';
import { NOT_DELIVERED, type CarriedNotify, type NotifyReport, type NotifyTask } from '../../../src/contract/notify.js';
import type { RunInput } from '../../../src/contract/run-input.js';
import { decide, startRun, type EngineEvent, type RunState } from '../../../src/engine/index.js';
import { checkPlan } from '../../../src/plan/index.js';
import { buildGraph } from '../../../src/plan/graph/graph.js';
import { createProgram } from '../../../src/workflows/program/program.js';
import { Notifications } from '../../../src/workflows/run/notifications.js';
import { HandTemporal } from '../../support/hand-temporal.js';
import { runAbout } from '../../support/run-about.js';

const ALL = ['failed', 'succeeded', 'canceled', 'waiting', 'quarantined'];
const HOOK = { on: ALL, webhook: { url: 'https://h.example/T0KEN/${{ secrets.HOOK }}', secret: '${{ secrets.KEY }}' } };
const ASK = { id: 'ask', step_def: { type: 'approval', message: 'Release v1.2?', approvers: ['ann'] } };

/** The notifications of a run whose steps the test ends. */
class Told {
  readonly temporal = new HandTemporal();
  readonly reports: [to: string, event: string, report: NotifyReport][] = [];
  readonly notifications: Notifications;
  readonly state: RunState;
  private readonly program: ReturnType<typeof createProgram>;

  constructor(steps: object[], globals: object, more: Partial<RunInput> = {}, state?: RunState) {
    const secrets = { HOOK: { env: 'HOOK_URL' }, KEY: { env: 'HOOK_KEY' } };
    const source = { plan_id: 'gate', globals: { secrets, ...globals }, steps };
    const checked = checkPlan(source);
    if (!checked.ok) throw new Error(JSON.stringify(checked.error));
    const { plan } = checked.value;
    const input: RunInput = {
      engine_version: 4,
      plan: source,
      digest: '',
      inputs: {},
      env: {},
      base_dir: '/base',
      ...more,
    };
    this.program = createProgram(this.temporal, { plan, graph: buildGraph(plan) }, input, 'gate-1');
    this.state = state ?? startRun(this.program, Date.now()).state;
    this.notifications = new Notifications(this.temporal, {
      program: this.program,
      input,
      about: runAbout({ run_id: 'gate-1', plan_id: 'gate', temporal_run_id: 'first' }),
      state: () => this.state,
      scope: this.temporal.root,
      told: ({ message, to }, report) => void this.reports.push([to, message.event, report]),
    });
  }

  async begin(): Promise<this> {
    this.notifications.begin();
    await this.temporal.settled();
    return this;
  }

  async hears(event: EngineEvent): Promise<void> {
    const before = this.state.status;
    decide(this.program, this.state, event);
    this.notifications.took(before, event.at);
    await this.temporal.settled();
  }

  ends(step: number, status: 'success' | 'failed'): Promise<void> {
    const report = status === 'success' ? { status, attempts: 1 } : { status, attempts: 1, message: 'it broke' };
    return this.hears({ type: 'step-ended', step, report, at: Date.now() });
  }

  tasks(): NotifyTask[] {
    return this.temporal.open.flatMap(({ name, args }) => (name === 'notify' ? [args[0] as NotifyTask] : []));
  }
}

test('a person is told what is asked, whom, and how it is answered', async () => {
  const run = await new Told([ASK], { notify: [HOOK], cwd: 'below' }).begin();
  const [task] = run.tasks() as [NotifyTask];
  expect(task).toMatchObject({
    to: 'webhook https://h.example',
    cwd: ['/base', 'below'],
    first_run_id: 'first',
    secrets: {
      uses: [
        { path: ['action', 'webhook', 'url'], parts: ['https://h.example/T0KEN/', { secret: 'HOOK' }] },
        { path: ['action', 'webhook', 'secret'], parts: [{ secret: 'KEY' }] },
      ],
    },
  });
  expect(task.message).toMatchObject({
    id: 'first-1-0',
    event: 'waiting',
    text: 'gate-1 waits for ann: Release v1.2?',
    status: 'running',
    step: { id: 'ask', waits_for: 'approval', question: 'Release v1.2?', approvers: ['ann'] },
    answers: ['orch approve gate-1 ask --by ann', 'orch reject gate-1 ask --by ann'],
  });
  expect(run.temporal.the('notify').options).toMatchObject({
    activityId: 'n:first-1-0',
    scheduleToCloseTimeout: expect.closeTo(600_000, -4) as number,
  });
  await run.temporal.the('notify').ends({ ok: true, attempts: 2 });
  expect(run.reports).toEqual([['webhook https://h.example', 'waiting', { ok: true, attempts: 2 }]]);
});

test('steps that wait for time, and runs that nobody is told of, tell nothing', async () => {
  const waits = await new Told([{ id: 'w', step_def: { type: 'wait', seconds: 9 } }], { notify: [HOOK] }).begin();
  const nobody = await new Told([ASK], {}).begin();
  expect([waits.tasks(), nobody.tasks(), nobody.notifications.carry(), nobody.notifications.rest()]).toEqual([
    [],
    [],
    {},
    undefined,
  ]);
});

test('the end of a run waits for those who are told of it, and names them meanwhile', async () => {
  const run = await new Told([{ id: 'a', command: 'x' }], {
    notify: [HOOK, { on: 'succeeded', command: 'x' }],
  }).begin();
  expect(run.notifications.delaysEnd).toBe(false);
  await run.ends(0, 'failed');
  expect(run.notifications.delaysEnd).toBe(true);
  let ended = false;
  void run.notifications.end().then(() => (ended = true));
  await run.temporal.settled();
  expect(run.tasks().map(({ message }) => [message.event, message.text, message.failed])).toEqual([
    ['failed', 'gate-1 failed: a', [{ id: 'a', reason: null, message: 'it broke' }]],
  ]);
  expect(run.notifications.waitsFor()).toBe('has ended, and is telling webhook https://h.example');
  const report: NotifyReport = { ok: false, attempts: 4, reason: 'http_status', message: 'it answered 503' };
  const failure = ApplicationFailure.create({ type: NOT_DELIVERED, details: [report] });
  await run.temporal.the('notify').fails(failure);
  expect(ended).toBe(true);
  expect(run.reports.map(([, , each]) => each)).toEqual([report]);
  expect(run.notifications.failed()).toEqual([
    { event: 'failed', to: 'webhook https://h.example', reason: 'http_status', message: 'it answered 503' },
  ]);
});

test('a dead receiver holds up the end for two minutes, and no longer', async () => {
  const run = await new Told([{ id: 'a', command: 'x' }], { notify: [HOOK] }).begin();
  await run.ends(0, 'success');
  let ended = false;
  void run.notifications.end().then(() => (ended = true));
  await run.temporal.settled();
  expect(run.temporal.the('notify').options['scheduleToCloseTimeout']).toBeCloseTo(120_000, -4);
  expect(run.temporal.the('timer').args).toEqual([130_000]);
  await run.temporal.the('timer').ends();
  expect(ended).toBe(true);
  expect(run.reports).toEqual([
    [
      'webhook https://h.example',
      'succeeded',
      { ok: false, attempts: 0, reason: 'timeout', message: 'it was given up, as the run has ended' },
    ],
  ]);
});

test('a quarantine is told with what failed, once', async () => {
  const steps = [
    { id: 'a', command: 'x' },
    { id: 'b', command: 'x' },
  ];
  const run = await new Told(steps, { on_abort: 'quarantine', notify: [HOOK] }).begin();
  await run.ends(0, 'failed');
  await run.ends(1, 'failed');
  expect(run.tasks().map(({ message }) => [message.text, message.answers])).toEqual([
    [
      'gate-1 is quarantined: a failed, and the run waits for a decision',
      ['orch retry gate-1 a', 'orch resume gate-1'],
    ],
  ]);
});

test('what is under way goes along to a new history under the same key, and nothing is told again', async () => {
  const before = await new Told([ASK], { notify: [HOOK, { ...HOOK, on: ['waiting'] }] }).begin();
  await before.temporal.open[0]!.ends({ ok: true, attempts: 1 });
  const notify = jsonCopy(before.notifications.carry().notify) as CarriedNotify;
  const carried = { notify } as unknown as NonNullable<RunInput['carried']>;
  const after = await new Told(
    [ASK],
    { notify: [HOOK, { ...HOOK, on: ['waiting'] }] },
    { carried },
    before.state,
  ).begin();
  expect(after.tasks().map(({ message }) => message.id)).toEqual(['first-1-1']);
  await after.temporal.the('notify').ends({ ok: true, attempts: 1 });
  await after.hears({ type: 'decide', step: 0, decision: 'approve', at: Date.now(), by: 'ann' });
  void after.notifications.end();
  await after.temporal.settled();
  expect(after.tasks().map(({ message }) => [message.id, message.event])).toEqual([['first-2-0', 'succeeded']]);
});

test("a person's own notifiers come after the plan's, and only their place travels", async () => {
  const user = {
    file: '/home/ann/config.yaml',
    notifiers: [{ on: ['waiting'] as const, name: 'webhook https://own' }],
  };
  const run = await new Told([ASK], { notify: [HOOK] }, { notify: user }).begin();
  const own = run.tasks()[1]!;
  expect(own).toMatchObject({ to: 'webhook https://own', user: { file: '/home/ann/config.yaml', place: 0 } });
  expect([own.action, own.secrets, own.message.id]).toEqual([undefined, undefined, 'first-1-1']);
});

test('at most a hundred are sent at once, the others after them', async () => {
  const steps = Array.from({ length: 60 }, (_, i) => ({ ...ASK, id: `ask${i}` }));
  const run = await new Told(steps, { notify: [HOOK, HOOK] }).begin();
  expect(run.tasks()).toHaveLength(100);
  for (let i = 0; i < 30; i += 1) await run.temporal.the('notify').ends({ ok: true, attempts: 1 });
  expect(run.tasks()).toHaveLength(90);
  expect(run.reports).toHaveLength(30);
});

test('of more than a thousand events only the end is told, and that the others are not is said once', async () => {
  const carried = { notify: { count: 999, open: [], failed: [] } } as unknown as NonNullable<RunInput['carried']>;
  const steps = [{ id: 'a', command: 'x' }, ...[1, 2, 3].map((i) => ({ ...ASK, id: `ask${i}`, depends_on: ['a'] }))];
  const run = await new Told(steps, { notify: [HOOK] }, { carried }).begin();
  await run.ends(0, 'success');
  expect(run.tasks().map(({ message }) => message.id)).toEqual(['first-1000-0']);
  expect(run.reports.map(([, event, report]) => [event, report.ok || report.reason])).toEqual([
    ['waiting', 'too_many'],
  ]);
  for (const step of [1, 2, 3])
    await run.hears({ type: 'decide', step, decision: 'approve', by: 'ann', at: Date.now() });
  void run.notifications.end();
  await run.temporal.settled();
  expect(run.tasks().map(({ message }) => message.event)).toEqual(['waiting', 'succeeded']);
});
