import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { callCli, startCli, type CliResult } from '../support/cli.js';
import { eventually as within } from '../support/eventually.js';
import { OwnService, textOf } from '../support/own-service.js';
import { tempDir, writePlan } from '../support/plans.js';

const service = new OwnService();

/** Several commands and processes, on a machine that may be busy. */
const eventually: typeof within = (what, probe) => within(what, probe, 120_000);

interface RunRow {
  run_id: string;
  due: string;
  status: string;
  reason: string | null;
}
interface ScheduleJson {
  name: string;
  state: string;
  note: string | null;
  pinned: boolean;
  next: string[];
  last: RunRow | null;
  recent: RunRow[];
}

const greeted = path.join(service.dir, 'greeted');
/** Says who was greeted, and waits for a file where one is named. */
const plan = (text = 'hello') => ({
  plan_id: 'greet',
  inputs: { WHO: { type: 'string', required: true }, UNTIL: { type: 'string', default: '/' } },
  steps: [
    {
      id: 'a',
      step_def: {
        type: 'shell',
        script: `echo ${text} $WHO >> '${greeted}'; until [ -e "$UNTIL" ]; do sleep 0.1; done`,
      },
    },
  ],
});
const file = 'greet.json';

beforeAll(async () => {
  writePlan(service.dir, plan(), file);
  await service.up();
});
afterAll(() => service.down());

/** A server that gets no time is not reached within five seconds; then it is asked again. */
async function described(name: string): Promise<ScheduleJson> {
  return eventually('the service answers', async () => {
    const { code, stdout, stderr } = await service.orch('schedule', 'describe', name, '--json');
    if (code === 3) return undefined;
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout) as ScheduleJson;
  });
}

/** Triggers a schedule, and gives what it says of that run once it has come to something. */
async function triggered(name: string): Promise<RunRow> {
  const { code, stdout, stderr } = await service.orch('schedule', 'trigger', name);
  expect([code, stderr]).toEqual([0, '']);
  let row: RunRow | undefined;
  await eventually('the run has ended', async () => {
    row = (await described(name)).recent.find(({ run_id }) => run_id === stdout.trim());
    return row !== undefined && !['starting', 'running'].includes(row.status);
  });
  return row!;
}

const YEARLY = ['--cron', '30 2 1 1 *', '--timezone', 'Europe/Berlin'];

test('a schedule starts its plan, read again for every run, and tells what came of it', async () => {
  const made = await service.orch('schedule', 'create', 'nightly', file, ...YEARLY, '--input', 'WHO=you');
  expect([made.code, made.stdout]).toEqual([0, 'nightly\n']);
  expect(made.stderr).toMatch(/due at 30 2 1 1 \* \(Europe\/Berlin\); next at \d{4}-01-01T02:30:00\+01:00\n/);
  expect((await service.orch('schedule', 'list')).stdout.split('\n')[1]).toMatch(
    /^nightly {3}active {2}30 2 1 1 \* \(Europe\/Berlin\) {2}\d{4}-01-01T02:30:00\+01:00 {2}-$/,
  );

  const first = await triggered('nightly');
  expect(first).toMatchObject({
    run_id: expect.stringMatching(/^nightly-\d{8}T\d{6}Z$/) as string,
    status: 'succeeded',
  });
  writePlan(service.dir, plan('goodbye'), file);
  await triggered('nightly');
  expect(textOf(greeted)).toBe('hello you\ngoodbye you\n');

  const status = await service.orch('status', '@last', '--json');
  expect(JSON.parse(status.stdout)).toMatchObject({ plan_id: 'greet', status: 'succeeded' });
  const [run] = JSON.parse((await service.orch('list', '--json')).stdout) as { started_by: string }[];
  expect(run?.started_by).toBe('schedule nightly');
});

test('a run that cannot be started is told of, with the reason', async () => {
  writeFileSync(path.join(service.dir, file), '{"plan_id": "greet", "steps": []}');
  const broken = await triggered('nightly');
  const place = path.join(service.dir, file);
  expect(broken).toMatchObject({
    status: 'not_started',
    reason: `${place}:1:31: 'steps' must not be empty [out_of_range]`,
  });
  rmSync(place);
  expect((await triggered('nightly')).reason).toBe(`${place}:1:1: there is no such file [file_not_found]`);
  expect((await service.orch('schedule', 'list')).stdout).toContain('there is no such file');
  writePlan(service.dir, plan(), file);
});

/** What the command says: its code, the error, and what it takes the user to have meant. */
async function said(...args: string[]): Promise<unknown[]> {
  const { code, stderr } = await service.orch('schedule', ...args);
  return [code, stderr.split('\n')[0], /did you mean '[^']*'/.exec(stderr)?.[0]];
}

test('what is named wrongly is refused, and what was meant is said', async () => {
  expect(await said('describe', 'nigthly')).toEqual([
    2,
    "error[schedule_not_found]: There is no schedule 'nigthly'",
    "did you mean 'nightly'",
  ]);
  const input = ['--input', 'WHO=you'];
  expect(await said('create', 'nightly', file, ...YEARLY, ...input)).toEqual([
    2,
    "error[schedule_exists]: There is already a schedule 'nightly'",
    undefined,
  ]);
  expect(await said('create', 'other', file, '--cron', '0 25 * * *', ...input)).toEqual([
    2,
    "error[invalid_cron]: The cron line '0 25 * * *': the hour is '25', not a number from 0 to 23",
    undefined,
  ]);
  expect(await said('create', 'other', file, '--cron', '@daily', '--timezone', 'Europe/Berln', ...input)).toEqual([
    2,
    "error[unknown_timezone]: There is no time zone 'Europe/Berln'",
    "did you mean 'Europe/Berlin'",
  ]);
  expect((await said('create', 'other', file, '--cron', '@daily'))[1]).toContain('error[missing_input]');
});

test('a paused schedule says why, and resumes', async () => {
  await service.orch('schedule', 'pause', 'nightly', '--note', 'holidays');
  expect(await described('nightly')).toMatchObject({ state: 'paused', note: 'holidays', next: [] });
  await service.orch('schedule', 'resume', 'nightly');
  expect((await described('nightly')).state).toBe('active');
});

test('what somebody else asks the service for is not started', async () => {
  const before = textOf(greeted);
  const { client } = service;
  const handle = client.schedule.getHandle('orch-schedule:nightly');
  const description = await handle.describe();
  const { last } = await described('nightly');
  // In the same second as the last one it would have the same name, and be refused for that.
  await eventually('another second', () => Date.now() > Date.parse(last!.due) + 1_500);
  await handle.trigger();
  // A start of its own making, with the very input that the schedule has, for a time at which it was due.
  const payload = description.raw.schedule?.action?.startWorkflow?.input;
  for (const time of ['2026-01-01T01:30:00Z', '2026-01-01T00:00:00Z']) {
    const workflowId = `orch-schedule:nightly-${time}`;
    await client.workflowService.startWorkflowExecution({
      namespace: 'default',
      workflowId,
      requestId: workflowId,
      workflowType: { name: 'scheduledStart' },
      taskQueue: { name: 'orch' },
      input: payload ?? null,
    });
    await expect(client.workflow.getHandle(workflowId).result()).rejects.toThrow();
  }
  let foreign: RunRow | undefined;
  await eventually('the trigger was refused', async () => {
    foreign = (await described('nightly')).recent.find(({ reason }) => reason?.includes('nobody has triggered it'));
    return foreign !== undefined;
  });
  expect(foreign?.status).toBe('not_started');
  expect((await service.orch('status', foreign!.run_id)).code).toBe(2);

  // Another plan under the name of the schedule.
  await handle.update((same) => ({
    ...same,
    action: {
      type: 'startWorkflow',
      workflowType: 'scheduledStart',
      workflowId: 'orch-schedule:nightly',
      taskQueue: 'orch',
      args: [{ name: 'nightly', id: 'mine', timing: { cron: '* * * * *' } }],
    },
  }));
  expect((await described('nightly')).state).toBe('foreign');
  expect((await service.orch('schedule', 'trigger', 'nightly')).stderr).toContain('error[forged]');
  expect(textOf(greeted)).toBe(before);
});

test('a deleted schedule is gone, and its runs are not', async () => {
  expect((await service.orch('schedule', 'delete', 'nightly')).code).toBe(0);
  expect(await service.orch('schedule', 'list')).toMatchObject({ code: 0, stdout: '', stderr: 'no schedules\n' });
  expect((await service.orch('list')).stdout).toContain('nightly-');
});

test('a schedule of a plan is applied, says what changed, skips what overlaps, or cancels the last run', async () => {
  const gate = path.join(service.dir, 'gate');
  const schedule = { cron: '@yearly', pinned: true, inputs: { WHO: 'me', UNTIL: gate } };
  const apply = async (how: object) => {
    writePlan(service.dir, { ...plan(), schedule: { ...schedule, ...how } }, file);
    return (await service.orch('schedule', 'apply', file)).stderr;
  };
  expect(await apply({})).toBe('greet is made: due at @yearly (UTC)\n');
  expect(await apply({})).toBe('greet is as it was\n');
  expect(await apply({ timezone: 'Europe/Berlin' })).toBe('greet is changed: timing, the plan\n');

  const first = (await service.orch('schedule', 'trigger', 'greet')).stdout.trim();
  await eventually('it runs', async () => (await described('greet')).last?.status === 'running');
  const again = await service.orch('schedule', 'trigger', 'greet');
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining(`${first} is still open`)]);

  await service.orch('schedule', 'trigger', 'greet', '--overlap', 'cancel-other');
  await eventually('the next one runs', async () => {
    const { recent } = await described('greet');
    return recent.map(({ status }) => status).join() === 'running,canceled';
  });
  expect(existsSync(gate)).toBe(false);
  writeFileSync(gate, '');
  await eventually('it has ended', async () => (await described('greet')).last?.status === 'succeeded');
});

const backfill = (from: string, to: string) =>
  service.orch('schedule', 'backfill', 'greet', '--from', from, '--to', to, '--json');

test('a backfill starts what was due in the past, one after the other', async () => {
  // Days of its time zone, which are due an hour before they begin in UTC; the last one is included.
  const { stdout } = await backfill('2024-01-01', '2025-01-01');
  expect(JSON.parse(stdout)).toEqual({ name: 'greet', due: ['2023-12-31T23:00:00.000Z', '2024-12-31T23:00:00.000Z'] });
  await eventually('both have run', async () => {
    const { recent } = await described('greet');
    return recent.slice(-2).every(({ due, status }) => due < '2025' && status === 'succeeded');
  });
  expect((await backfill('2025-06-02', '2025-06-01')).code).toBe(2);
});

/** The time of a run of a schedule, as the service writes it behind the name of what it starts: `2026-01-31T01:00:00Z`. */
function dueOf(run: string): string {
  return run.replace(/^.*-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
}

/** What a schedule that is due every minute has started by itself, once it has gone well. */
function ticked(orch: (...args: string[]) => Promise<CliResult>): Promise<RunRow> {
  const probe = async (): Promise<RunRow | undefined> => {
    const { code, stdout } = await orch('schedule', 'describe', 'tick', '--json');
    if (code !== 0) return undefined;
    return (JSON.parse(stdout) as ScheduleJson).recent.find(({ status }) => status === 'succeeded');
  };
  // It is due within a minute.
  return within('it has fired', probe, 180_000);
}

test('a schedule fires when it is due, with nobody there', async () => {
  const there = path.join(service.dir, 'there');
  const tick = writePlan(
    service.dir,
    { plan_id: 'tick', steps: [{ id: 'a', command: 'touch', args: [there] }] },
    'tick.json',
  );
  expect((await service.orch('schedule', 'create', 'tick', tick, '--every', '1m')).code).toBe(0);
  const { run_id, due } = await ticked(service.orch);
  expect([new Date(due).getUTCSeconds(), existsSync(there)]).toEqual([0, true]);
  expect((await service.orch('status', run_id)).stdout).toContain(`${run_id} succeeded`);
  expect((await service.orch('schedule', 'delete', 'tick')).code).toBe(0);
});

test('and so does one on a Temporal service of a team, by a worker of theirs, whose only slot no open run holds', async () => {
  const team = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: inject('temporalBinary') } },
  });
  const dir = tempDir();
  const env = { TEMPORAL_ADDRESS: team.address, ORCH_STATE_DIR: tempDir() };
  const orch = (...args: string[]): Promise<CliResult> => callCli(args, { cwd: dir, env });
  const worker = startCli(['worker', '--json', '--max-steps', '1'], { cwd: dir, env });
  try {
    const ask = { plan_id: 'held', globals: { cwd: dir }, steps: [{ id: 'ask', step_def: { type: 'approval' } }] };
    const held = writePlan(dir, ask, 'held.json');
    const create = ['schedule', 'create', 'held', held, '--cron', '@yearly'];
    await eventually('the service answers', async () => (await orch(...create)).code === 0);
    const open = (await orch('schedule', 'trigger', 'held')).stdout.trim();
    await eventually('a run of a schedule is open', async () => {
      const { code, stdout } = await orch('status', open, '--json');
      return code === 0 && (JSON.parse(stdout) as RunRow).status === 'running';
    });
    const there = path.join(dir, 'there');
    const steps = [{ id: 'a', command: 'touch', args: [there] }];
    const tick = writePlan(dir, { plan_id: 'tick', globals: { cwd: dir }, steps }, 'tick.json');
    const made = await eventually('the service answers', async () => {
      const said = await orch(
        'schedule',
        'create',
        'tick',
        tick,
        '--cron',
        '* * * * *',
        '--timezone',
        'Asia/Kathmandu',
      );
      return said.code === 3 ? undefined : said;
    });
    expect([made.code, made.stderr]).toEqual([0, expect.stringMatching(/next at [-\d]+T[\d:]+\+05:45\n/)]);
    const { run_id } = await ticked(orch);
    expect(existsSync(there)).toBe(true);
    expect(JSON.parse((await orch('status', run_id, '--json')).stdout)).toMatchObject({ status: 'succeeded' });
    const waits = team.client.workflow.getHandle(`orch-schedule:held-${dueOf(open)}`);
    const { pendingActivities } = (await waits.describe()).raw;
    expect(pendingActivities?.map(({ activityType, attempt }) => [activityType?.name, attempt])).toEqual([
      ['awaitScheduled', 1],
    ]);
    expect((await orch('approve', open, 'ask')).code).toBe(0);
    expect(await waits.result()).toEqual({ run_id: open, status: 'succeeded' });
  } finally {
    worker.child.kill('SIGTERM');
    await worker.ended;
    await team.teardown();
  }
});
