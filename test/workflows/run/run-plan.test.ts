import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { OrchClient } from '../../../src/client/index.js';
import { payloadCodec } from '../../../src/temporal/payload-codec.js';
import { createWorker } from '../../../dist/worker/index.js';
import { eventually } from '../../support/eventually.js';
import { ENGINE_VERSION, OLDEST_ENGINE_VERSION } from '../../../src/contract/run-input.js';
import type { StepView } from '../../../src/contract/run-messages.js';
import { tempDir, uniqueId } from '../../support/plans.js';
import { quietRuntime } from '../../support/quiet-runtime.js';
import { timerSummaries } from '../../support/timer-summaries.js';

let environment: TestWorkflowEnvironment;
let orch: OrchClient;
let stop: () => Promise<void>;
const stateDir = tempDir();

beforeAll(async () => {
  quietRuntime();
  environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: inject('temporalBinary') } },
    client: { dataConverter: { payloadCodecs: [payloadCodec] } },
  });
  const { address } = environment;
  const worker = await createWorker({ connection: environment.nativeConnection, stateDir });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
  };
  orch = await OrchClient.connect({ service: { connection: { address }, address, namespace: 'default' } });
});
afterAll(async () => {
  await orch.close();
  await stop();
  await environment.teardown();
});

const command = (id: string, script: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  id,
  command: script,
  shell: true,
  ...more,
});
const planOf = (steps: unknown[], more: Record<string, unknown> = {}): { source: unknown } => ({
  source: { plan_id: 'test', version: '1.0', steps, ...more },
});
const handleOf = (runId: string): WorkflowHandle => environment.client.workflow.getHandle(runId);

/** Starts the workflow as anybody might, past the client's own checks. */
async function failureOf(...args: unknown[]): Promise<ApplicationFailure> {
  try {
    await environment.client.workflow.execute('runPlan', { taskQueue: 'orch', workflowId: uniqueId('raw'), args });
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) return error.cause;
    throw error;
  }
  throw new Error('it succeeded');
}

const input = (plan: unknown): unknown => ({
  engine_version: 1,
  plan,
  digest: '',
  inputs: {},
  env: {},
  base_dir: '/',
});

describe('input that nobody checked', () => {
  test.each([1, ENGINE_VERSION])(
    'an invalid plan fails a run of version %i as InvalidPlan, with every diagnostic',
    async (version) => {
      const steps = [
        { id: 'a', command: 'true', depends_on: ['nowhere'] },
        { id: 'b', comand: 'true' },
      ];
      const given = input({ plan_id: 'x', version: '1.0', steps }) as object;
      const failure = await failureOf({ ...given, engine_version: version });
      expect([failure.type, failure.nonRetryable]).toEqual(['InvalidPlan', true]);
      expect(failure.message).toContain('unknown_dependency');
      expect(failure.message).toContain('unknown_key');
    },
  );

  test.each([
    ['nothing', []],
    ['null', [null]],
    ['an engine version that is none', [{ ...(input({}) as object), engine_version: 1.5 }]],
    ['an environment that is no map of strings', [{ ...(input({}) as object), env: { A: 1 } }]],
  ])('%s is an InvalidPlan too', async (_, args) => {
    expect((await failureOf(...args)).type).toBe('InvalidPlan');
  });
});

describe('what Temporal shows', () => {
  test('each step is one activity by its id, with its name as summary; the run has summary, details and memo', async () => {
    const { run_id } = await orch.start(
      {
        source: {
          ...(planOf([command('a', 'true', { name: 'The first step' })]).source as object),
          description: 'A plan to look at',
          metadata: { project: 'demo', tags: ['x', 'y'] },
        },
      },
      { baseDir: stateDir, startedBy: 'me' },
    );
    await orch.result(run_id);
    const { events } = await handleOf(run_id).fetchHistory();
    const scheduled = events!.filter((event) => event.activityTaskScheduledEventAttributes);
    expect(scheduled.map((event) => event.activityTaskScheduledEventAttributes!.activityId)).toEqual(['s:a']);
    expect(Buffer.from(scheduled[0]!.userMetadata!.summary!.data!).toString()).toBe('"The first step"');
    const described = await handleOf(run_id).describe();
    expect(await described.staticSummary()).toBe('A plan to look at');
    expect(described.memo).toEqual({
      plan: 'test',
      project: 'demo',
      tags: ['x', 'y'],
      started_by: 'me',
      engine_version: ENGINE_VERSION,
    });
    expect(await orch.list({ limit: 1 })).toMatchObject([
      { run_id, plan_id: 'test', status: 'succeeded', project: 'demo' },
    ]);
  });

  test('current details are a table of the steps as they are when somebody looks', async () => {
    const dir = tempDir();
    const { run_id } = await orch.start(
      planOf([
        command('done', 'true'),
        command('waits', 'until [ -e go ]; do sleep 0.05; done', { depends_on: ['done'] }),
        { id: 'later', step_def: { type: 'wait', seconds: 3000 } },
        { id: 'release', name: 'Release', step_def: { type: 'approval', message: 'Release v1.2?' }, timeout_sec: 3000 },
        { id: 'well', step_def: { type: 'approval' } },
      ]),
      { baseDir: dir },
    );
    const details = async (): Promise<string> =>
      (await handleOf(run_id).query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
    const shown = await eventually('the second step runs', async () => {
      const text = await details();
      return text.includes('| waits | running |') && text;
    });
    expect(shown).toBe(
      [
        '**running**: 1 of 5 steps ended',
        '',
        '| step | status | attempts | reason |',
        '|---|---|---|---|',
        '| done | success | 1 |  |',
        '| waits | running |  |  |',
        '| later | waiting |  | waits for its timer |',
        '| release | waiting |  | asks: Release v1.2? |',
        '| well | waiting |  | asks for a decision |',
      ].join('\n'),
    );
    expect(await timerSummaries(handleOf(run_id))).toEqual([
      'later: waits',
      'Release: asks Release v1.2?',
      'well: asks for a decision',
    ]);
    await orch.steer(run_id, 'approve', { step: 'well' });
    const { events } = await handleOf(run_id).fetchHistory();
    const ofKind = (kind: 'timerStartedEventAttributes' | 'timerCanceledEventAttributes'): (string | undefined)[] =>
      (events ?? []).flatMap(({ [kind]: timer }) => (timer ? [timer.timerId ?? undefined] : []));
    // Of three timers the last one, which is the question's, and no other.
    expect(ofKind('timerCanceledEventAttributes')).toEqual(ofKind('timerStartedEventAttributes').slice(-1));
    await orch.cancel(run_id);
    expect((await orch.result(run_id)).status).toBe('canceled');
    expect((await handleOf(run_id).describe()).status.name).toBe('CANCELLED');
  });
});

describe('signals, as the Web UI sends them', () => {
  test('skip and cancelStep with plain JSON; what is refused changes nothing', async () => {
    const dir = tempDir();
    const { run_id } = await orch.start(
      planOf([command('slow', 'sleep 60'), command('next', 'touch ran', { depends_on: ['slow'] })], {}),
      { baseDir: dir },
    );
    const handle = handleOf(run_id);
    await eventually('the step runs', async () => (await orch.progress(run_id)).counts.running === 1);
    await handle.signal('skip', { step: 'slow' });
    await handle.signal('skip', { step: 'unknown' });
    await handle.signal('skip');
    await handle.signal('skip', 'nonsense');
    await handle.signal('skip', { step: 'next' });
    await handle.signal('cancelStep', { step: 'slow', by: 'somebody' });
    const result = await orch.result(run_id);
    expect(result.steps).toMatchObject([
      { id: 'slow', status: 'canceled', reason: 'operator' },
      { id: 'next', status: 'skipped', reason: 'operator' },
    ]);
    expect(existsSync(path.join(dir, 'ran'))).toBe(false);
  });
});

describe('executions', () => {
  test('retries: N means at most N+1 executions, and each has its logs', async () => {
    const { run_id } = await orch.start(
      planOf([command('a', 'echo "try $ORCH_ATTEMPT"; exit 9', { retries: 2, retry_delay_sec: 0 })]),
      { baseDir: stateDir },
    );
    const [step] = (await orch.result(run_id)).steps;
    expect(step).toMatchObject({
      status: 'failed',
      reason: 'exit_non_zero',
      exit_code: 9,
      attempts: 3,
      stdout_tail: 'try 3\n',
    });
    const logs = (attempt: number): string => path.join(path.dirname(step!.log_dir!), String(attempt), 'stdout.log');
    expect([1, 2, 3].map((attempt) => readFileSync(logs(attempt), 'utf8'))).toEqual(['try 1\n', 'try 2\n', 'try 3\n']);
  });

  test.each([
    [
      'a timeout',
      command('a', 'echo before; sleep 60', { timeout_sec: 0.3 }),
      'timeout',
      'it ran longer than its timeout_sec of 0.3 and was stopped',
    ],
    ['a signal', command('a', 'kill -9 $$'), 'signaled', 'ended by SIGKILL'],
    [
      'a missing command',
      { id: 'a', command: 'no-such-command' },
      'spawn_failed',
      "command not found: no-such-command (no such program on the step's PATH)",
    ],
    [
      'a missing folder',
      { id: 'a', command: 'true', cwd: 'nowhere' },
      'spawn_failed',
      `the working directory does not exist: ${stateDir}/nowhere`,
    ],
  ])('%s is its own reason', async (_, step, reason, message) => {
    const { run_id } = await orch.start(planOf([step]), { baseDir: stateDir });
    expect((await orch.result(run_id)).steps[0]).toMatchObject({ status: 'failed', reason, message });
  });

  test('exit codes may be declared a success or a warning', async () => {
    const { run_id } = await orch.start(
      planOf([
        command('ok', 'exit 3', { success_exit_codes: [0, 3] }),
        command('odd', 'exit 4', { warning_exit_codes: [4] }),
        command('never-again', 'exit 5', { retries: 5, critical: false, retry: { no_retry_exit_codes: [5] } }),
      ]),
      { baseDir: stateDir },
    );
    const result = await orch.result(run_id);
    expect(result).toMatchObject({ status: 'succeeded', warnings: 2 });
    expect(result.steps.map((step) => [step.id, step.status, step.attempts])).toEqual([
      ['ok', 'success', 1],
      ['odd', 'warning', 1],
      ['never-again', 'failed', 1],
    ]);
  });

  test('inputs of many megabytes leave in several workflow tasks', async () => {
    const steps = Array.from({ length: 20 }, (_, i) => command(`s${i}`, 'true', { env: { BIG: 'x'.repeat(100_000) } }));
    const { run_id } = await orch.start(planOf(steps, { globals: { max_concurrency: 20 } }), { baseDir: stateDir });
    expect((await orch.result(run_id)).status).toBe('succeeded');
  });
});

describe('steps that say much', () => {
  test('a run whose outputs are more than a result can be ends well, and its record has the whole', async () => {
    const ids = Array.from({ length: 30 }, (_, i) => `s${i}`);
    const say = 'printf x= > "$ORCH_OUTPUT"; head -c 90000 /dev/urandom | base64 -w0 >> "$ORCH_OUTPUT"';
    const read = ids.map((id) => `size(prev.${id}.outputs.x) == 120000`).join(' && ');
    const steps = [
      ...ids.map((id) => command(id, say)),
      command('reader', 'exit 3', { condition: read, depends_on: ids }),
    ];
    const { run_id } = await orch.start(planOf(steps), { runId: uniqueId('outputs'), baseDir: '/' });
    const failed = (await orch.result(run_id).catch((error: unknown) => error)) as { steps: StepView[] };
    expect(failed.steps.map(({ status }) => status)).toEqual([...ids.map(() => 'success'), 'failed']);
    expect(failed.steps.filter(({ cut }) => cut)).toHaveLength(30);
    // A closed run answers once its history has been replayed, and on a busy machine that takes longer than a query waits.
    const { steps: past } = await eventually('it answers', () => orch.pastRun(run_id).catch(() => undefined), 60_000);
    expect(past.slice(0, 30).map(({ outputs }) => JSON.stringify(outputs).length)).toEqual(ids.map(() => 120_008));
    const { events } = await orch.record(run_id);
    const whole = events.flatMap((event) => (event.type === 'step-succeeded' ? [JSON.stringify(event.outputs)] : []));
    expect(whole.map((text) => text.length)).toEqual(ids.map(() => 120_008));
  });

  test('outputs of a plan that are too large are left out', async () => {
    const say = 'printf x= > "$ORCH_OUTPUT"; head -c 60000 /dev/urandom | base64 -w0 >> "$ORCH_OUTPUT"';
    const outputs = { small: '${{ size(prev.a.outputs.x) }}', large: '${{ prev.a.outputs.x + prev.b.outputs.x }}' };
    const { run_id } = await orch.start(planOf([command('a', say), command('b', say)], { outputs }), { baseDir: '/' });
    const result = await orch.result(run_id);
    expect([result.status, result.outputs]).toEqual(['succeeded', undefined]);
  });

  test('instances that say more together than a list may hold fail their step, by name', async () => {
    const say = 'printf x= > "$ORCH_OUTPUT"; head -c 90000 /dev/urandom | base64 -w0 >> "$ORCH_OUTPUT"';
    const steps = [
      command('each', say, { foreach: Array.from({ length: 10 }, (_, i) => i) }),
      command('reader', 'true', { condition: 'size(prev.each.outputs.x) > 0', depends_on: ['each'] }),
    ];
    const { run_id } = await orch.start(planOf(steps), { runId: uniqueId('list'), baseDir: '/' });
    const { steps: ended } = await orch.result(run_id);
    expect([ended[0]!.reason, ended[0]!.message, ended[1]!.reason]).toEqual([
      'output_invalid',
      'OutputError: the outputs that expressions read of the instances of each are 1200037 bytes together, more than 1048576; write large data to files and output their paths',
      'aborted',
    ]);
  });
});

describe('large plans', () => {
  test('a fan of 300 steps and a chain of 50 finish', async () => {
    const fan = Array.from({ length: 300 }, (_, i) => ({ id: `s${i}`, command: 'true' }));
    const chain = Array.from({ length: 50 }, (_, i) => ({
      id: `s${i}`,
      command: 'true',
      depends_on: i === 0 ? [] : [`s${i - 1}`],
    }));
    const runs = [
      await orch.start(planOf(fan, { globals: { max_concurrency: 50 } }), { baseDir: stateDir }),
      await orch.start(planOf(chain), { baseDir: stateDir }),
    ];
    for (const { run_id } of runs) {
      const result = await orch.result(run_id);
      expect([result.status, result.steps.every((step) => step.status === 'success')]).toEqual(['succeeded', true]);
    }
  });
});

describe('a run of another engine version', () => {
  test.concurrent.each([
    [99, 'newer', 'Upgrade the worker'],
    [0, 'older', 'Start a worker of that older orch'],
  ])(
    'version %i waits for a worker that runs it, and says so',
    async (version, age, advice) => {
      const workflowId = uniqueId('other-version');
      const started = await environment.client.workflow.start('runPlan', {
        taskQueue: 'orch',
        workflowId,
        args: [{ ...(input(planOf([command('a', 'true')]).source) as object), engine_version: version }],
      });
      const described = await eventually(
        'it says why it does not come on',
        async () => {
          const run = await orch.describe(workflowId).catch(() => undefined); // a busy service may not answer
          return run?.stuck?.includes('This run') && run;
        },
        50_000,
      );
      expect(described).toMatchObject({ status: 'running', stale: true });
      expect(described.stuck).toContain(
        `This run was started by ${age === 'newer' ? 'a newer' : 'an older'} orch (engine version ${version}; this worker runs ${OLDEST_ENGINE_VERSION} to ${ENGINE_VERSION}). ${advice}: the run waits until then.`,
      );
      await started.terminate();
    },
    60_000,
  );
});
