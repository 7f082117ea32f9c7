import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { Client, Connection, WorkflowFailedError, type WorkflowService } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { runCli, sharedStateDir } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { steady, tempDir, uniqueId, writePlan } from '../support/plans.js';

let address: string;

beforeAll(async () => {
  expect((await runCli(['up'])).code).toBe(0);
  const record = JSON.parse(readFileSync(path.join(sharedStateDir(), 'service', 'service.json'), 'utf8')) as {
    server: { address: string };
  };
  address = record.server.address;
});

/** The input of a run that writes a file, as orch itself would send it. */
function input(dir: string): unknown {
  return {
    engine_version: 1,
    plan: { plan_id: 'x', version: '1.0', steps: [{ id: 'a', command: 'touch', args: ['pwned'] }] },
    digest: '',
    inputs: {},
    env: { PATH: process.env['PATH'] },
    base_dir: dir,
  };
}

type StartRequest = Parameters<WorkflowService['startWorkflowExecution']>[0];

/** Starts a run as any program of this machine can: by a request of its own making. */
async function startForeign(workflowId: string, more: StartRequest): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.startWorkflowExecution({
      namespace: 'default',
      workflowId,
      requestId: workflowId,
      workflowType: { name: 'runPlan' },
      taskQueue: { name: 'orch' },
      ...more,
    });
  } finally {
    await connection.close();
  }
}

async function failureOf(workflowId: string): Promise<string> {
  const connection = await Connection.connect({ address });
  try {
    await new Client({ connection }).workflow.getHandle(workflowId, undefined, { followRuns: false }).result();
    return 'it succeeded';
  } catch (error) {
    if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
    return error.cause.type ?? '';
  } finally {
    await connection.close();
  }
}

const payload = (value: unknown): { metadata: Record<string, Uint8Array>; data: Uint8Array } => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from(JSON.stringify(value)),
});

test('a start that another program sends is refused, and runs nothing', async () => {
  const dir = tempDir();
  const id = uniqueId('foreign');
  await startForeign(id, { input: { payloads: [payload(input(dir))] } });
  expect(await failureOf(id)).toBe('UnsignedStart');
  expect(existsSync(path.join(dir, 'pwned'))).toBe(false);

  const status = await runCli(['status', id]);
  expect([status.code, steady(status.stdout)]).toEqual([
    0,
    `${id} failed ( <time>)\n  Web UI  <web ui>\n  it ended before it began, so none of its steps ran\n`,
  ]);
  const none = `error[no_record]: The run '${id}' ended before it began, so there is no record of it\n  hint: it was ended before a worker took it, its plan was invalid, or its start was not signed; \`orch watch ${id}\` says which\n`;
  for (const command of [
    ['explain', id, 'a'],
    ['logs', id],
    ['export', id],
  ]) {
    expect([command[0], (await runCli(command)).stderr]).toEqual([command[0], none]);
  }
});

test('a signature of another run does not pass: it covers id and input', async () => {
  const dir = tempDir();
  const honest = uniqueId('honest');
  const plan = writePlan(dir, { steps: [{ id: 'a', command: 'true' }] });
  expect((await runCli(['run', plan, '--id', honest], { cwd: dir })).code).toBe(0);
  const connection = await Connection.connect({ address });
  const history = await new Client({ connection }).workflow.getHandle(honest).fetchHistory();
  await connection.close();
  const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
  const seal = started!.input!.payloads!.at(-1)!;
  expect(seal.metadata).toHaveProperty('orch-hmac');
  const id = uniqueId('stolen');
  await startForeign(id, { input: { payloads: [payload(input(dir)), seal] } });
  expect(await failureOf(id)).toBe('UnsignedStart');
  expect(existsSync(path.join(dir, 'pwned'))).toBe(false);
});

test('a cron start does not pass by its second run, which Temporal calls continued', async () => {
  const dir = tempDir();
  const id = uniqueId('cron');
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  try {
    await startForeign(id, { input: { payloads: [payload(input(dir))] }, cronSchedule: '@every 1s' });
    const first = (await client.workflow.getHandle(id).describe()).runId;
    const laterStart = await eventually('a third run is there, and says how the second one ended', async () => {
      const { runId } = await client.workflow.getHandle(id).describe();
      const { events } = await client.workflow.getHandle(id, runId).fetchHistory();
      const started = events?.[0]?.workflowExecutionStartedEventAttributes;
      const before = started?.continuedExecutionRunId ?? '';
      return before !== '' && before !== first && (started ?? undefined);
    });
    expect(laterStart.continuedFailure?.applicationFailureInfo?.type).toBe('UnsignedStart');
    expect(existsSync(path.join(dir, 'pwned'))).toBe(false);
  } finally {
    await client.workflow.getHandle(id).terminate();
    await connection.close();
  }
});
