import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { OrchError } from '../../src/client/errors.js';
import type { StartOptions } from '../../src/client/types.js';
import type { ProgressView } from '../../src/contract/run-messages.js';
import { manifestOf, type RunEvent } from '../../src/journal/index.js';
import { eventLines } from '../../src/records/event-file.js';
import { runDir } from '../../src/records/paths.js';
import { uniqueId } from './plans.js';
import type { WorkerRig } from './worker-rig.js';

/** Events after which these runs go on in a new history: a few steps. */
const HISTORY_EVENTS = 40;
/**
 * Milliseconds by which a replay may tell the time of an event otherwise than the run did. A workflow task that answers
 * a query while a local activity is under way is split in two by Temporal; the answer of the activity then comes in the
 * second one, but with the first when it is replayed.
 */
const CLOCK_MS = 10_000;

export type Steps = Record<string, unknown>[];

/** A chain of steps that each write a line of their own. */
export function chain(count: number, log: string, first: Record<string, unknown> = {}, name = 'c'): Steps {
  return Array.from({ length: count }, (_, i) => ({
    id: `${name}${i}`,
    ...(i === 0 ? first : { depends_on: [`${name}${i - 1}`] }),
    ...shell(`echo ${name}${i} >> ${log}`),
  }));
}

export function shell(script: string): Record<string, unknown> {
  return { step_def: { type: 'shell', script } };
}

export function lines(log: string): string[] {
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
}

/** Runs that change their history every few steps. */
export class LongRuns {
  constructor(private readonly rig: WorkerRig) {}

  async start(
    plan: Record<string, unknown>,
    { plans, ...options }: StartOptions & { plans?: object } = {},
  ): Promise<string> {
    const source = { plan_id: 'long', version: '1.0', ...plan };
    const runId = uniqueId('long');
    const toStart = { source, ...(plans === undefined ? {} : { path: 'plan.json', plans: { ...plans } }) };
    const { orch, dir } = this.rig;
    await orch.start(toStart, { runId, baseDir: dir, historyEvents: HISTORY_EVENTS, ...options });
    return runId;
  }

  /** A file of that name that no other call gets. */
  file(name: string): string {
    return path.join(this.rig.dir, `${name}-${Math.random().toString(36).slice(2, 8)}`);
  }

  /** What a run is doing; undefined where a busy machine does not answer in time. */
  progressOf(runId: string): Promise<ProgressView | undefined> {
    return this.rig.orch.progress(runId).catch((error: unknown) => {
      if (error instanceof OrchError && ['no_worker', 'run_busy'].includes(error.code)) return undefined;
      throw error;
    });
  }

  /** How many executions a run has had so far. */
  async executions(runId: string): Promise<number> {
    const { client } = this.rig;
    const before = (await this.rig.handle(runId).describe()).raw.workflowExecutionInfo;
    let count = 1;
    let id = (await this.rig.handle(runId).fetchHistory()).events?.[0]?.workflowExecutionStartedEventAttributes;
    expect(before?.firstRunId).toBe(id?.firstExecutionRunId);
    while (id?.continuedExecutionRunId) {
      count += 1;
      const { events } = await client.workflow.getHandle(runId, id.continuedExecutionRunId).fetchHistory();
      id = events?.[0]?.workflowExecutionStartedEventAttributes;
    }
    return count;
  }

  /** The record of a run is whole, whoever is asked: nothing twice, and no gap where histories meet. */
  async expectOneRecord(runId: string): Promise<RunEvent[]> {
    const { events, about } = await this.rig.orch.record(runId);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(events.filter(({ type }) => type === 'run-created')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'run-finished')).toHaveLength(1);
    const folder = runDir(this.rig.dir, runId);
    const text = readFileSync(path.join(folder, 'events.ndjson'), 'utf8');
    const written = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent);
    expect(text).toBe(eventLines(written));
    expect(written.map(untimed)).toEqual(events.map(untimed));
    for (const [i, { time }] of written.entries()) expect(apart(time, events[i]!.time)).toBeLessThan(CLOCK_MS);
    expect(JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'))).toEqual(manifestOf(about, written));
    return [...events];
  }
}

const untimed = (event: RunEvent): object => ({ ...event, time: 'some time' });
const apart = (a: string, b: string): number => Math.abs(Date.parse(a) - Date.parse(b));
