import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Worker } from '@temporalio/worker';
import { beforeEach, expect, test } from 'vitest';
import type { SlowTask } from '../../src/records/slow-tasks.js';
import { parkKillers } from '../../src/worker/park-killers.js';

let state: string;
beforeEach(() => {
  state = mkdtempSync(path.join(os.tmpdir(), 'orch-park-'));
});

interface Run {
  activate: (activation: { historyLength: number }) => Promise<unknown>;
}

/** A worker whose workflows do what `compute` does. */
async function start(compute: (run: string) => Promise<unknown>): Promise<(run: string) => Promise<Run>> {
  const worker = {
    workflowCreator: {
      createWorkflow: async ({ info }: { info: { workflowId: string } }): Promise<Run> => ({
        activate: () => compute(info.workflowId),
      }),
    },
  };
  parkKillers(worker as unknown as Worker, { stateDir: state, warn: () => {}, careful: true, version: '1' });
  return (run) => worker.workflowCreator.createWorkflow({ info: { workflowId: run, runId: run } as never });
}

/** What is noted now. */
function notes(): SlowTask[] {
  const dir = path.join(state, 'slow-tasks');
  const names = readdirSync(dir).filter((name) => name.endsWith('.json'));
  return names.map((name) => JSON.parse(readFileSync(path.join(dir, name), 'utf8')) as SlowTask);
}

/** Computes for a run and dies: what was noted at that moment is what the next worker finds. */
async function dieAt(run: string, ...places: number[]): Promise<void> {
  let left = places.length;
  let last: SlowTask[] = [];
  const create = await start(async () => {
    left -= 1;
    if (left === 0) last = notes();
  });
  const workflow = await create(run);
  for (const historyLength of places) await workflow.activate({ historyLength });
  for (const note of last) {
    const file = path.join(state, 'slow-tasks', `${note.temporal_run_id}.json`);
    writeFileSync(file, JSON.stringify({ ...note, worker: 2 ** 22 + 1 })); // a process that is gone
  }
}

test('a run at the same place of which two workers died at once is parked', async () => {
  await dieAt('killer', 3, 7, 11);
  await dieAt('killer', 3, 7, 11);
  const create = await start(async () => 'fine');
  await expect((await create('killer')).activate({ historyLength: 3 })).rejects.toThrow("The run 'killer' is parked");
  expect(await (await create('other')).activate({ historyLength: 3 })).toBe('fine');
});

test('a run that workers which somebody kills were at is not blamed', async () => {
  for (const place of [3, 7, 11, 15, 19]) await dieAt('innocent', place);
  const create = await start(async () => 'fine');
  expect(await (await create('innocent')).activate({ historyLength: 3 })).toBe('fine');
});

test('one run computes at a time, and none is noted any more once it has', async () => {
  const going = new Map<string, () => void>();
  const create = await start((run) => new Promise<void>((resolve) => going.set(run, resolve)));
  const first = (await create('a')).activate({ historyLength: 3 });
  const second = (await create('b')).activate({ historyLength: 3 });
  await expect.poll(() => [...going.keys()]).toEqual(['a']);
  expect(notes().map(({ run_id }) => run_id)).toEqual(['a']);
  going.get('a')!();
  await first;
  await expect.poll(() => [...going.keys()]).toEqual(['a', 'b']);
  expect(notes().map(({ run_id }) => run_id)).toEqual(['b']);
  going.get('b')!();
  await second;
  expect(notes()).toEqual([]);
});
