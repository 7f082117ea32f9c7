import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { runCli, sharedStateDir } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

let address: string;
let httpPort: number;

beforeAll(async () => {
  expect((await runCli(['up'])).code).toBe(0);
  const record = JSON.parse(readFileSync(path.join(sharedStateDir(), 'service', 'service.json'), 'utf8')) as {
    server: { address: string; ports: { http: number } };
  };
  address = record.server.address;
  httpPort = record.server.ports.http;
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

async function post(workflowId: string, body: Record<string, unknown>): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/api/v1/namespaces/default/workflows/${workflowId}`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', origin: 'https://evil.example' },
    body: JSON.stringify({ workflowType: { name: 'runPlan' }, taskQueue: { name: 'orch' }, ...body }),
  });
  return response.status;
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

const payload = (value: unknown): Record<string, unknown> => ({
  metadata: { encoding: Buffer.from('json/plain').toString('base64') },
  data: Buffer.from(JSON.stringify(value)).toString('base64'),
});

test('a start that somebody posts to the HTTP interface is refused, and runs nothing', async () => {
  const dir = tempDir();
  const id = uniqueId('posted');
  expect(await post(id, { input: [input(dir)] })).toBe(200);
  expect(await failureOf(id)).toBe('UnsignedStart');
  expect(existsSync(path.join(dir, 'pwned'))).toBe(false);
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
  const metadata = Object.fromEntries(
    Object.entries(seal.metadata!).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  );
  expect(metadata).toHaveProperty('orch-hmac');
  const id = uniqueId('stolen');
  await post(id, { input: [payload(input(dir)), { metadata, data: Buffer.from(seal.data!).toString('base64') }] });
  expect(await failureOf(id)).toBe('UnsignedStart');
  expect(existsSync(path.join(dir, 'pwned'))).toBe(false);
});

test('a cron start does not pass by its second run, which Temporal calls continued', async () => {
  const dir = tempDir();
  const id = uniqueId('cron');
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  try {
    expect(await post(id, { input: [input(dir)], cronSchedule: '@every 1s' })).toBe(200);
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
