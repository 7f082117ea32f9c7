import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { manifestSchema, runEventSchema, type Manifest, type RunEvent } from '../../src/journal/index.js';
import { serviceStatus } from '../../src/service/index.js';
import { RecordKeeper } from '../../src/records/record-keeper.js';
import { payloadCodec } from '../../src/temporal/payload-codec.js';
import { sealClosedRuns } from '../../src/worker/janitor.js';
import { callCli, sharedStateDir, startCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

vi.setConfig({ testTimeout: 120_000 }); // the command line is called often, and other files run beside

let client: Client;
const dir = tempDir();
const orch = (...args: string[]): Promise<CliResult> => callCli(args, { cwd: dir });

beforeAll(async () => {
  await orch('up');
  const { server } = await serviceStatus({ env: { ...process.env, ORCH_STATE_DIR: sharedStateDir() } });
  const connection = await Connection.connect({ address: server.address! });
  client = new Client({ connection, dataConverter: { payloadCodecs: [payloadCodec] } });
});
afterAll(() => client.connection.close());

const folderOf = (id: string): string => path.join(sharedStateDir(), 'runs', id);
const read = (id: string, name: string): string => readFileSync(path.join(folderOf(id), name), 'utf8');
const manifestIn = (id: string): Manifest => manifestSchema.parse(JSON.parse(read(id, 'manifest.json')));
const eventsIn = (text: string): RunEvent[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => runEventSchema.parse(JSON.parse(line)));
const names = (events: readonly RunEvent[]): string[] =>
  events.map((event) => ('step' in event && event.step !== undefined ? `${event.type} ${event.step}` : event.type));

const FILES = ['plan.json', 'manifest.json', 'events.ndjson'] as const;

/** What was sealed is what is rebuilt from history once the folder is gone, byte for byte. */
async function expectSameRebuilt(id: string): Promise<void> {
  const sealed = FILES.map((file) => read(id, file));
  const aside = path.join(dir, `${id}-aside`);
  renameSync(folderOf(id), aside);
  expect(await orch('export', id)).toEqual({ code: 0, stdout: `${folderOf(id)}\n`, stderr: '' });
  expect(FILES.map((file) => read(id, file))).toEqual(sealed);
  rmSync(folderOf(id), { recursive: true });
  renameSync(aside, folderOf(id));
}

test('a run that failed: its record is there when it ends, and the same rebuilt from history', async () => {
  const id = uniqueId('record');
  const steps = [
    { id: 'a', command: 'echo "name=x" >> $ORCH_OUTPUT', shell: true },
    {
      id: 'flaky',
      command: 'echo try $ORCH_ATTEMPT; test $ORCH_ATTEMPT = 3',
      shell: true,
      retries: 3,
      depends_on: ['a'],
      condition: "prev.a.outputs.name == 'x'",
    },
    {
      id: 'each',
      command: 'test $I != 2',
      env: { I: '${{ item }}' },
      shell: true,
      foreach: [1, 2],
      on_failure: 'continue',
      critical: false,
    },
    { id: 'n', step_def: { type: 'noop' }, depends_on: ['each'] },
    { id: 'slow', command: 'sleep 60', shell: true, timeout_sec: 0.2, depends_on: ['flaky', 'n'] },
    { id: 'never', command: 'true', depends_on: ['slow'] },
  ];
  const plan = {
    metadata: { project: 'demo', tags: ['x'] },
    inputs: { B: { type: 'string', default: 'main' } },
    steps,
  };
  expect((await orch('run', writePlan(dir, plan), '--id', id)).code).toBe(1);
  const manifest = manifestIn(id);
  expect(manifest).toMatchObject({
    run_id: id,
    plan_id: 'test',
    status: 'failed',
    reason: 'steps_failed',
    warnings: 1,
    project: 'demo',
    tags: ['x'],
    inputs: { B: 'main' },
    parent_run_id: null,
    steps: [
      { id: 'a', status: 'success', outputs: { name: 'x' }, exit_code: 0 },
      {
        id: 'flaky',
        status: 'success',
        executions: 3,
        attempts: [
          { attempt: 1, status: 'failed', reason: 'exit_non_zero', exit_code: 1, stdout: 'steps/flaky/1/stdout.log' },
          { attempt: 2, status: 'failed', reason: 'exit_non_zero', exit_code: 1, stdout: 'steps/flaky/2/stdout.log' },
          { attempt: 3, status: 'success', reason: null, exit_code: 0, stdout: 'steps/flaky/3/stdout.log' },
        ],
      },
      {
        id: 'each',
        status: 'failed',
        attempts: [],
        instances: [
          { index: 0, status: 'success' },
          { index: 1, status: 'failed' },
        ],
      },
      { id: 'n', status: 'success', attempts: [] },
      { id: 'slow', status: 'failed', reason: 'timeout' },
      { id: 'never', status: 'canceled', reason: 'aborted', started_at: null },
    ],
  });
  for (const { stdout } of manifest.steps[1]!.attempts) expect(read(id, stdout!)).toMatch(/^try \d\n$/);
  expect(JSON.parse(read(id, 'steps/flaky/2/result.json'))).toMatchObject({
    step_id: 'flaky',
    status: 'failed',
    exit_code: 1,
  });
  expect(JSON.parse(read(id, 'steps/flaky/3/result.json'))).toMatchObject({ step_id: 'flaky', status: 'success' });
  expect(JSON.parse(read(id, 'plan.json'))).toMatchObject({ plan_id: 'test', ...plan });
  const events = eventsIn(read(id, 'events.ndjson'));
  expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
  expect(names(events).filter((name) => / (flaky|slow|never)$/.test(name))).toEqual([
    'step-started flaky',
    'step-attempt-failed flaky',
    'step-retry flaky',
    'step-attempt-failed flaky',
    'step-retry flaky',
    'step-succeeded flaky',
    'step-started slow',
    'step-attempt-failed slow',
    'step-timed-out slow',
    'step-canceled never',
  ]);
  for (const file of ['plan.json', 'manifest.json', 'events.ndjson'])
    expect(statSync(path.join(folderOf(id), file)).mode & 0o777).toBe(0o600);
  expect(readdirSync(folderOf(id)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  await expectSameRebuilt(id);
  const out = path.join(dir, `${id} "out"`);
  expect((await orch('export', id, '--out', out)).code).toBe(0);
  expect(FILES.map((file) => readFileSync(path.join(out, file), 'utf8'))).toEqual(FILES.map((file) => read(id, file)));
  writeFileSync(path.join(out, 'manifest.json'), 'another run');
  rmSync(path.join(out, 'plan.json'));
  expect(await orch('export', id, '--out', out)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      `${path.join(out, 'manifest.json')}, ${path.join(out, 'events.ndjson')} already exist`,
    ),
  });
  expect(readdirSync(out).sort()).toEqual(['events.ndjson', 'manifest.json']);
  expect((await orch('export', id, '--out', out, '--force')).code).toBe(0);
  expect(readFileSync(path.join(out, 'manifest.json'), 'utf8')).toBe(read(id, 'manifest.json'));
  expect((await orch('export', id, '--json')).stdout).toBe(read(id, 'manifest.json'));
});

test('while a run is open its record follows it, and says what operators asked for', async () => {
  const id = uniqueId('live');
  const steps = [
    { id: 'gate', step_def: { type: 'approval', message: 'go?' } },
    { id: 'after', command: 'true', depends_on: ['gate'] },
    { id: 'other', command: 'true', depends_on: ['gate'] },
  ];
  await orch('start', writePlan(dir, { steps }), '--id', id);
  await eventually(
    'the gate waits in the manifest',
    () => existsSync(path.join(folderOf(id), 'manifest.json')) && manifestIn(id).steps[0]!.status === 'waiting',
  );
  await orch('pause', id, '--by', 'ann');
  await eventually('the manifest says paused', () => manifestIn(id).status === 'paused');
  // A refused update leaves no trace in history, a refused signal does.
  expect((await orch('pause', id, '--by', 'bob')).code).toBe(2);
  await client.workflow.getHandle(id).signal('skip', { step: 'nowhere', by: 'eve' });
  await orch('skip', id, 'other', '--by', 'cid');
  await orch('approve', id, 'gate', '--by', 'dan', '--comment', 'fine');
  expect(await orch('export', id)).toMatchObject({ code: 2, stderr: expect.stringContaining('error[run_open]') });
  const open = await orch('export', id, '--json');
  expect(JSON.parse(open.stdout)).toMatchObject({ status: 'paused' });
  await eventually('the live manifest is the one that the run tells', () => read(id, 'manifest.json') === open.stdout);
  expect(read(id, 'events.ndjson')).toBe((await orch('export', id, '--events')).stdout);
  await orch('resume', id);
  expect((await orch('watch', id)).code).toBe(0);
  const asked = eventsIn(read(id, 'events.ndjson')).filter((event) => event.type === 'operator-request');
  expect(asked.map(({ verb, via, accepted, by, step }) => [verb, via, accepted, by, step])).toEqual([
    ['pause', 'update', true, 'ann', undefined],
    ['skip', 'signal', false, 'eve', 'nowhere'],
    ['skip', 'update', true, 'cid', 'other'],
    ['approve', 'update', true, 'dan', 'gate'],
    ['resume', 'update', true, expect.stringContaining('@'), undefined],
  ]);
  expect(manifestIn(id).steps.map((step) => [step.id, step.status, step.by])).toEqual([
    ['gate', 'success', 'dan'],
    ['after', 'success', null],
    ['other', 'skipped', 'cid'],
  ]);
  await expectSameRebuilt(id);
});

test('a canceled run is sealed, after its `finally` steps', async () => {
  const id = uniqueId('canceled');
  const plan = {
    steps: [{ id: 'long', command: 'echo there; sleep 100', shell: true, grace_sec: 1 }],
    finally: [{ id: 'clean', command: 'true' }],
  };
  await orch('start', writePlan(dir, plan), '--id', id);
  await eventually(
    'the step has printed',
    () =>
      existsSync(path.join(folderOf(id), 'steps/long/1/stdout.log')) &&
      read(id, 'steps/long/1/stdout.log') === 'there\n',
  );
  await orch('cancel', id, '--by', 'ada');
  expect((await orch('watch', id)).code).toBe(4);
  expect(manifestIn(id)).toMatchObject({
    status: 'canceled',
    reason: 'run_canceled',
    message: 'Canceled by ada',
    steps: [
      {
        id: 'long',
        status: 'canceled',
        reason: 'run_canceled',
        by: 'ada',
        attempts: [{ attempt: 1, status: 'canceled' }],
        stdout_tail: 'there\n',
      },
      { id: 'clean', status: 'success', by: null },
    ],
  });
  expect(eventsIn(read(id, 'events.ndjson'))).toContainEqual(
    expect.objectContaining({ type: 'run-cancel-requested', by: 'ada' }),
  );
  expect((await orch('status', id)).stdout).toMatch(/canceled +long .* run_canceled: by ada/);
  expect((await orch('explain', id, 'long')).stdout).toBe('long: canceled\n  The run was canceled by ada.\n');
  expect(names(eventsIn(read(id, 'events.ndjson'))).slice(-5)).toEqual([
    'run-cancel-requested',
    'step-canceled long',
    'step-started clean',
    'step-succeeded clean',
    'run-finished',
  ]);
  await expectSameRebuilt(id);
});

test('a terminated run is sealed by the janitor, and no step of it is left running', async () => {
  const id = uniqueId('terminated');
  const steps = [
    { id: 'gate', step_def: { type: 'approval' } },
    { id: 'after', command: 'true', depends_on: ['gate'] },
  ];
  await orch('start', writePlan(dir, { steps }), '--id', id);
  await eventually('the live record is there', () => existsSync(path.join(folderOf(id), 'manifest.json')));
  await client.workflow.getHandle(id).terminate('enough');
  const errors: unknown[] = [];
  const deps = {
    client,
    stateDir: sharedStateDir(),
    records: new RecordKeeper(sharedStateDir(), () => {}),
    service: 'tests',
    onError: (runId: string, error: unknown) => void errors.push([runId, error]),
  };
  expect(await sealClosedRuns(deps)).toContain(id);
  expect(errors).toEqual([]);
  expect(await sealClosedRuns(deps)).not.toContain(id);
  expect(manifestIn(id)).toMatchObject({
    status: 'terminated',
    reason: 'terminated',
    finished_at: expect.any(String),
    steps: [
      { id: 'gate', status: 'canceled', reason: 'terminated' },
      { id: 'after', status: 'canceled', reason: 'terminated' },
    ],
  });
  expect(eventsIn(read(id, 'events.ndjson')).at(-1)).toMatchObject({ type: 'run-finished', status: 'terminated' });
  await expectSameRebuilt(id);
});

test('events are read page by page', async () => {
  const id = uniqueId('pages');
  const steps = Array.from({ length: 30 }, (_, i) => ({ id: `s${i}`, step_def: { type: 'noop' } }));
  await orch('run', writePlan(dir, { steps }), '--id', id);
  const handle = client.workflow.getHandle(id);
  const page = (question?: unknown) =>
    handle.query<{ events: RunEvent[]; last_seq: number }, unknown[]>(
      'events',
      ...(question === undefined ? [] : [question]),
    );
  const all = await page();
  expect([all.events.length, all.last_seq]).toEqual([63, 63]);
  expect((await page({ after: 10, limit: 5 })).events.map((event) => event.seq)).toEqual([11, 12, 13, 14, 15]);
  expect((await page({ after: 63 })).events).toEqual([]);
  expect((await page({ after: 1e9, limit: -3 })).events).toEqual([]);
  expect((await page({ after: 'x', limit: 2.5 })).events).toEqual(all.events);
});

describe('export refuses', () => {
  test('two formats, an unknown run, and a run that never began', async () => {
    expect(await orch('export', 'x', '--junit', '--html')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot be used together'),
    });
    expect(await orch('export', 'nowhere')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error[run_not_found]'),
    });
    const id = uniqueId('unsigned');
    await client.workflow.start('runPlan', { workflowId: id, taskQueue: 'orch', args: [{}] });
    await expect(client.workflow.getHandle(id).result()).rejects.toThrow();
    expect(await orch('export', id)).toMatchObject({ code: 2, stderr: expect.stringContaining('error[no_record]') });
  });
});

test('reports: JUnit and HTML of a run whose names and logs are hostile', async () => {
  const id = uniqueId('reports');
  const evil = `</script><script>alert(1)</script> ]]> & "q" 'a'`;
  const steps = [
    {
      id: 'bad',
      name: evil,
      command: `printf '%s\\n\\033[31mred\\033[0m\\001' "$EVIL"; printf '%s' "$EVIL" >&2; exit 2`,
      shell: true,
      env: { EVIL: evil },
    },
    { id: 'skipped', command: 'true', depends_on: ['bad'] },
  ];
  await orch('run', writePlan(dir, { description: evil, steps }), '--id', id);
  const junit = (await orch('export', id, '--junit')).stdout;
  expect(junit).toContain('<testsuite name="test" tests="2" failures="1" errors="0" skipped="1"');
  expect(junit).toContain(']]&gt; &amp; "q"');
  // oxlint-disable-next-line no-control-regex
  expect(junit).not.toMatch(/<script>|\]\]>|[\u0000-\u0008\u001b]/);
  const file = path.join(dir, 'sub', 'page.html');
  expect((await orch('export', id, '--html', '--out', 'sub/page.html')).stdout).toBe(`${file}\n`);
  const refused = await orch('export', id, '--junit', '--out', 'sub/page.html');
  expect([refused.code, refused.stderr]).toEqual([
    2,
    `error[usage]: --out: ${file} already exists\n  hint: use --force to overwrite\n`,
  ]);
  const html = readFileSync(file, 'utf8');
  expect(html).toContain('&lt;/script&gt;&lt;script&gt;alert(1)');
  expect(html).not.toMatch(/<script|javascript:|\son\w+=|(?:src|href)=/i);
  expect(html).not.toMatch(/https?:/);
});

test('with the service down, reports come from the files, and say so', async () => {
  const id = uniqueId('offline');
  await orch('run', writePlan(dir, { steps: [{ id: 'a', command: 'true' }] }), '--id', id);
  const state = tempDir();
  mkdirSync(path.join(state, 'runs'));
  writeFileSync(path.join(state, 'runs', 'note'), 'not a folder');
  cpSync(folderOf(id), path.join(state, 'runs', id), { recursive: true });
  const result = await callCli(['export', id, '--json'], { cwd: dir, env: { ORCH_STATE_DIR: state } });
  expect(result).toMatchObject({
    code: 0,
    stdout: read(id, 'manifest.json'),
    stderr: expect.stringContaining('is not running'),
  });
  const files = await callCli(['export', id], { cwd: dir, env: { ORCH_STATE_DIR: state } });
  expect(files).toMatchObject({ code: 3, stderr: expect.stringContaining('error[service_unreachable]') });
  const logs = await startCli(['logs', id, 'a'], { cwd: dir, env: { ORCH_STATE_DIR: state } }).ended;
  expect(logs).toEqual({ code: 0, stdout: '', stderr: 'a has printed nothing\n' });
});
