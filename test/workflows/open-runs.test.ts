import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkflowInfo } from '@temporalio/workflow';
import { DefaultLogger, Runtime, Worker, type LogEntry, type ReplayWorkerOptions } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { PATCHES } from '../../src/workflows/program/versions.js';
import { payloadCodec } from '../../src/temporal/payload-codec.js';
import { REPO } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { workflowIdOf, type RecordedHistory } from '../support/history-file.js';
import { HISTORIES, steeredHistories, steeringOf } from '../support/steered-run.js';

const STARTED = 'EVENT_TYPE_WORKFLOW_TASK_STARTED';
const warnings: LogEntry[] = [];
/** Changes that runs told of in tasks that were no replay. */
let decisionsOfNow = 0;

const names = steeredHistories();
const histories = names.flatMap((name) =>
  readdirSync(path.join(HISTORIES, name))
    .filter((file) => file.endsWith('.json'))
    .map((file) => `${name}/${file}`),
);
const read = (file: string): RecordedHistory =>
  JSON.parse(readFileSync(path.join(HISTORIES, file), 'utf8')) as RecordedHistory;

const options: ReplayWorkerOptions = {
  workflowBundle: { codePath: path.join(REPO, 'dist', 'workflow-bundle.cjs') },
  dataConverter: { payloadCodecs: [payloadCodec] },
  sinks: {
    record: {
      take: {
        callDuringReplay: true,
        fn: ({ unsafe }: WorkflowInfo) => {
          if (!unsafe.isReplaying) decisionsOfNow += 1;
        },
      },
    },
  },
};

beforeAll(() => {
  const logger = new DefaultLogger('WARN', (entry) => warnings.push(entry));
  Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: 'WARN' } } });
});

describe('the recorded runs', () => {
  test('are there, each with its plan, its steering, and its history when it was open and at its end', async () => {
    expect(names).toEqual(expect.arrayContaining(['approval', 'quarantined', 'running-step']));
    for (const name of names) {
      const has = (file: string): boolean => existsSync(path.join(HISTORIES, name, file));
      expect({
        name,
        plan: has('plan.yaml') || has('orchestration.yaml'),
        steered: (await steeringOf(name)).what,
      }).toEqual({
        name,
        plan: true,
        steered: expect.stringMatching(/^\w/) as unknown,
      });
      const recorded = histories
        .filter((file) => file.startsWith(`${name}/`))
        .map((file) => path.basename(file))
        .filter((file) => !file.startsWith('earlier-'));
      expect(recorded).toEqual(expect.arrayContaining(['history.json', 'open.json']));
      // Of what is recorded besides there is both, too.
      expect(recorded.map((file) => file.replace(/open\.json$/, 'history.json')).sort()).toEqual(
        recorded.map((file) => file.replace(/(open|history)\.json$/, 'history.json')).sort(),
      );
      expect(recorded.length % 2).toBe(0);
      expect(lastOf(`${name}/open.json`)).not.toMatch(/WORKFLOW_EXECUTION_(COMPLETED|FAILED|CANCELED)/);
      expect(lastOf(`${name}/history.json`)).toMatch(/WORKFLOW_EXECUTION_(COMPLETED|FAILED|CANCELED)/);
    }
  });

  test('hold every change that `patched` is asked about, but for those of runs of version 1', () => {
    const asked = Object.entries(PATCHES).filter(([, { reason }]) => !reason.startsWith('runs of version 1'));
    const alone = readdirSync(HISTORIES).filter((file) => file.endsWith('.json')); // replay.test.ts replays them
    const marked = new Set([...histories, ...alone].flatMap((file) => patchesIn(read(file))));
    expect(asked.map(([id]) => id).filter((id) => !marked.has(id))).toEqual([]);
  });

  test('make the same decisions today, open and ended', async () => {
    await replayAll(histories.map((file) => ({ workflowId: workflowIdOf(read(file)), history: read(file) })));
  });

  // A replay compares what the code decides with what has been decided, and there the code does nothing new: `patched`
  // says no. Where the history of an open run ends it does: state that old decisions have made meets new ones. So every
  // beginning of a history that ends where a task of the workflow begins is replayed: its last task is no replay, as if
  // the run were gone on with from there. What it decides is compared with nothing, but it must not fail, or the run
  // would stand still. (Updates that come with that task are not seen so; the test of upgrades sends them.)
  test(
    'go on from wherever they stood: the first task that is no replay does not fail',
    { timeout: 600_000 },
    async () => {
      const control = beginnings(read('approval/history.json'), 'control').next().value!;
      // That of a run when it was open is a beginning of the one at its end.
      const parts = histories.flatMap((file) => [...beginnings(read(file))].slice(1));
      const all = [...new Map(parts.map((part) => [partOf(part.history), part])).values()];
      await replayAll(all);
      // The core tells of a task that fails in its log only, in order, and may lose what comes right before its end. So one
      // is replayed that must fail, for a replay has none of the local activities that a run's first task calls: once that is
      // told, so is all before it.
      await eventually('the failure of the control is told', async () => {
        await replayAll([control, control]);
        return failures().some((text) => text.includes('verifyStart'));
      });
      expect(failures().filter((text) => !/Local activity of type '\w+' not registered/.test(text))).toEqual([]);
      expect(decisionsOfNow).toBeGreaterThan(all.length / 2);
    },
  );
});

/** Replays histories by one worker: to start one for each would take longer than the replays. */
async function replayAll(wanted: { workflowId: string; history: RecordedHistory }[]): Promise<void> {
  const ends: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories(options, wanted))
    ends.push(error === undefined ? 'same' : `${workflowId}: ${error.message}`);
  expect(ends).toEqual(wanted.map(() => 'same'));
}

/** Ids that a run has told its history, when `patched` was asked about them. */
function patchesIn({ events }: RecordedHistory): string[] {
  return events.flatMap((event) => {
    const { markerName, details } = (event as MarkerEvent).markerRecordedEventAttributes ?? {};
    const data = details?.['patch-data']?.payloads?.[0]?.data;
    if (markerName !== 'core_patch' || data === undefined) return [];
    return [(JSON.parse(Buffer.from(data, 'base64').toString()) as { id: string }).id];
  });
}

interface MarkerEvent {
  markerRecordedEventAttributes?: {
    markerName?: string;
    details?: Record<string, { payloads?: { data?: string }[] }>;
  };
}

const lastOf = (file: string): string => read(file).events.at(-1)!.eventType;

/** The parts of a history that end where a task of the workflow begins. */
function* beginnings(
  history: RecordedHistory,
  workflowId = workflowIdOf(history),
): Generator<{ workflowId: string; history: RecordedHistory }> {
  for (const [at, { eventType }] of history.events.entries())
    if (eventType === STARTED) yield { workflowId, history: { events: history.events.slice(0, at + 1) } };
}

/** Which part of which execution it is. */
function partOf({ events }: RecordedHistory): string {
  const { originalExecutionRunId } = events[0]!.workflowExecutionStartedEventAttributes!;
  return `${originalExecutionRunId}/${events.length}`;
}

/** What the core has told of tasks that failed. */
function failures(): string[] {
  return warnings
    .filter(({ message }) => message.startsWith('Failing workflow task'))
    .map(({ meta }) => String(meta?.['failure']));
}
