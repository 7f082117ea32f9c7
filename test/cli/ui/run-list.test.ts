import { expect, test } from 'vitest';
import type { OrchClient } from '../../../src/client/orch-client.js';
import type { RunSummary } from '../../../src/client/types.js';
import { RunList } from '../../../src/cli/ui/run-list.js';

/** A service with so many open runs, which counts what it is asked. */
function serviceOf(count: number): { client: OrchClient; asked: Record<string, number>; grow: (id: string) => void } {
  const asked: Record<string, number> = { list: 0, pulse: 0, progress: 0 };
  const events = new Map<string, number>();
  const runs = Array.from({ length: count }, (_, i): RunSummary => {
    events.set(`r${i}`, 5);
    return { run_id: `r${i}`, plan_id: 'p', status: 'running', started_at: i };
  });
  const client = {
    list: async () => ((asked['list']! += 1), runs),
    pulse: async (id: string) => ((asked['pulse']! += 1), { events: events.get(id) }),
    progress: async (id: string) => {
      asked['progress']! += 1;
      return { run_id: id, counts: { success: events.get(id) }, total_steps: 9, steps: [], held: [] };
    },
  };
  return { client: client as unknown as OrchClient, asked, grow: (id) => events.set(id, events.get(id)! + 1) };
}

/** A list whose answers are never fresh enough. */
function listOf(client: OrchClient): () => ReturnType<RunList['read']> {
  const list = new RunList(0);
  return () => list.read(client);
}

test('the first look asks every open run, each later one a few of them in turn', async () => {
  const { client, asked, grow } = serviceOf(40);
  const look = listOf(client);
  await look();
  expect(asked).toEqual({ list: 2, pulse: 40, progress: 40 });
  for (let i = 0; i < 5; i += 1) await look();
  expect(asked).toEqual({ list: 12, pulse: 80, progress: 40 });
  grow('r39');
  for (let i = 0; i < 5; i += 1) await look();
  expect(asked).toEqual({ list: 22, pulse: 120, progress: 41 });
});

test('however many windows look, the service is asked once', async () => {
  const { client, asked } = serviceOf(3);
  const list = new RunList();
  await Promise.all(Array.from({ length: 10 }, () => list.read(client)));
  expect(asked).toEqual({ list: 2, pulse: 3, progress: 3 });
});

test('a look that failed is not kept', async () => {
  const { client } = serviceOf(1);
  const list = new RunList();
  const broken = { list: () => Promise.reject(new Error('gone')) } as unknown as OrchClient;
  await expect(list.read(broken)).rejects.toThrow('gone');
  expect((await list.read(client)).runs).toHaveLength(1);
});
