import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { workflowBundle } from '../../dist/worker/bundle.js';
import { createPayloadCodec, payloadCodec } from '../../src/temporal/payload-codec.js';
import { tempDir } from '../support/plans.js';
import { quietRuntime } from '../support/quiet-runtime.js';

const HISTORIES = fileURLToPath(new URL('../histories', import.meta.url));
const BUNDLE = fileURLToPath(new URL('../../dist/workflow-bundle.cjs', import.meta.url));

const SCRIPT = fileURLToPath(new URL('../../scripts/replay.mjs', import.meta.url));

beforeAll(() => {
  quietRuntime();
});

const files = readdirSync(HISTORIES).filter((file) => file.endsWith('.json'));

test('there are recorded histories', () => {
  expect(files).toContain('diamond-with-retry.json');
});

test.each(files)('the recorded run %s makes the same decisions today', async (file) => {
  const history: unknown = JSON.parse(readFileSync(path.join(HISTORIES, file), 'utf8'));
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: BUNDLE }, dataConverter: { payloadCodecs: [payloadCodec] } },
    history,
    workflowIdOf(history as RecordedHistory), // sub-plans are named after the run
  );
});

// A run that goes on through the upgrade to an orch that signs: what it has heard so far was heard before that.
test.each(files)('the recorded run %s makes the same decisions under a worker that has a key', async (file) => {
  const history: unknown = JSON.parse(readFileSync(path.join(HISTORIES, file), 'utf8'));
  await Worker.runReplayHistory(
    {
      workflowBundle: workflowBundle(Date.now(), false), // as workers have it, without stacks
      dataConverter: { payloadCodecs: [createPayloadCodec('ab'.repeat(32))] },
    },
    history,
    workflowIdOf(history as RecordedHistory),
  );
});

test('a worker loads stacks and sources of workflow code only for who debugs it, and all of it as single bytes', () => {
  const file = readFileSync(BUNDLE, 'utf8');
  const [code, map] = file.split(/(?=\/\/# sourceMappingURL=data:)/u);
  expect(file).not.toMatch(/[^\0-\x7f]/);
  expect(map).toMatch(/base64,\w{1000}/);
  expect(workflowBundle(7, true)).toEqual({ code: `globalThis.ORCH_SIGNED_SINCE=7;${file}` });
  const { code: lean } = workflowBundle(7, false) as { code: string };
  expect(
    lean.startsWith(`Error.stackTraceLimit=0;globalThis.ORCH_SIGNED_SINCE=7;${code}//# sourceMappingURL=data:`),
  ).toBe(true);
  expect(lean.length).toBeLessThan((code?.length ?? 0) + 500);
});

function replayByScript(file: string): unknown[] {
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT, file], { encoding: 'utf8' });
  return [status, stdout];
}

test('the script for debuggers replays one history, and says how it went', () => {
  const good = path.join(HISTORIES, 'diamond-with-retry.json');
  const other = path.join(tempDir(), 'other.json');
  writeFileSync(other, readFileSync(good, 'utf8').replaceAll('"s:left"', '"s:other"'));
  expect(replayByScript(good)).toEqual([0, `${good}: 30 events, the same decisions\n`]);
  expect(replayByScript(other)).toEqual([1, expect.stringMatching(/Nondeterminism|TMPRL1100/) as string]);
});

test('a history that other decisions made is not accepted', async () => {
  const text = readFileSync(path.join(HISTORIES, 'diamond-with-retry.json'), 'utf8');
  const other: unknown = JSON.parse(text.replaceAll('"s:left"', '"s:other"'));
  await expect(
    Worker.runReplayHistory(
      { workflowBundle: { codePath: BUNDLE }, dataConverter: { payloadCodecs: [payloadCodec] } },
      other,
    ),
  ).rejects.toThrow();
});

test('the recorded runs hold every kind of step, every verb and every lasting policy', () => {
  const seen = new Set<string>();
  for (const file of files) for (const each of contentOf(file)) seen.add(each);
  const kinds = ['command', 'shell', 'powershell', 'http', 'approval', 'wait', 'plan', 'noop', 'agent'];
  const verbs = ['pause', 'resume', 'skip', 'cancelStep', 'retry', 'approve', 'reject', 'answer'];
  const keys =
    'foreach condition skip_if fallback_step trigger_rule retries locks breaker on_abort run_timeout_sec finally outputs';
  const wanted = [
    ...kinds,
    ...verbs.map((verb) => `signal ${verb}`),
    'signal forceCancel',
    'update cancel',
    'cancel',
    ...keys.split(' '),
  ];
  expect(wanted.filter((each) => !seen.has(each))).toEqual([]);
});

interface RecordedHistory {
  events: RecordedEvent[];
}

function workflowIdOf({ events }: RecordedHistory): string {
  return events[0]!.workflowExecutionStartedEventAttributes!.workflowId;
}

interface RecordedEvent {
  eventType: string;
  workflowExecutionStartedEventAttributes?: { workflowId: string; input?: { payloads?: { data: string }[] } };
  workflowExecutionSignaledEventAttributes?: { signalName: string };
  workflowExecutionUpdateAcceptedEventAttributes?: { acceptedRequest: { input: { name: string } } };
}
interface RecordedStep extends Record<string, unknown> {
  step_def?: { type: string };
}

/** Kinds of steps, keys of the plan, signals and updates of a recorded run. */
function contentOf(file: string): string[] {
  const { events } = JSON.parse(readFileSync(path.join(HISTORIES, file), 'utf8')) as RecordedHistory;
  return events.flatMap((event) => {
    const data = event.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    if (data !== undefined)
      return contentOfPlan(JSON.parse(Buffer.from(data, 'base64').toString()) as { plan?: RecordedPlan });
    const signal = event.workflowExecutionSignaledEventAttributes?.signalName;
    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest.input.name;
    const canceled = event.eventType === 'EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED' ? ['cancel'] : [];
    return [...(signal ? [`signal ${signal}`] : []), ...(update ? [`update ${update}`] : []), ...canceled];
  });
}

interface RecordedPlan {
  steps: RecordedStep[];
  finally?: RecordedStep[];
  globals?: object;
}

function contentOfPlan({ plan }: { plan?: RecordedPlan }): string[] {
  if (plan === undefined) return [];
  const steps = [...plan.steps, ...(plan.finally ?? [])];
  const kinds = steps.map((step) => step.step_def?.type ?? 'command');
  return [...kinds, ...steps.flatMap(Object.keys), ...Object.keys(plan.globals ?? {}), ...Object.keys(plan)];
}
