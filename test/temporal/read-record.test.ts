import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { readEarlierEvents, readRecord } from '../../src/temporal/read-record.js';

/** What a history answers: the number of the last event before it, and of its own last one. */
interface Told {
  after: number;
  last: number;
}

const nameOf = (index: number): string => `history-${index}`;

/** A client of a run that has these histories, the oldest first. */
function clientOf(histories: Told[]): Client {
  const told = (runId?: string): Told => histories[Number(runId?.split('-')[1])]!;
  const handleOf = (_id: string, runId?: string): object => ({
    describe: () => Promise.resolve({ status: { name: 'COMPLETED' }, runId: nameOf(histories.length - 1) }),
    query: (name: string) => {
      if (name === 'plan') return Promise.resolve({ about: {}, plan: {} });
      const { after, last } = told(runId);
      const events = Array.from({ length: last - after }, (_, i) => ({
        seq: after + i + 1,
        type: after + i + 1 === histories.at(-1)!.last ? 'run-finished' : 'step-succeeded',
        of: runId,
      }));
      return Promise.resolve({ events, last_seq: last, after });
    },
  });
  const workflowService = {
    getWorkflowExecutionHistory: ({ execution: { runId } }: { execution: { runId: string } }) => {
      const index = Number(runId.split('-')[1]);
      const continuedExecutionRunId = index === 0 ? '' : nameOf(index - 1);
      return Promise.resolve({
        history: { events: [{ workflowExecutionStartedEventAttributes: { continuedExecutionRunId } }] },
      });
    },
  };
  const client = {
    options: { namespace: 'default' },
    workflow: { getHandle: handleOf },
    workflowService,
    withDeadline: (_deadline: number, call: () => unknown) => call(),
  };
  return client as unknown as Client;
}

// A workflow task that answers a query while the worker is asked what goes along is split in two by Temporal: the run
// has left before it hears of the ends in between, and a replay of it hears them.
test('what a history tells of itself beyond the start of the next one is told by that one', async () => {
  const client = clientOf([
    { after: 0, last: 7 },
    { after: 4, last: 9 },
    { after: 8, last: 12 },
  ]);
  const { events } = (await readRecord(client, 'run'))!;
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(events.map((event) => (event as unknown as { of: string }).of.at(-1)).join('')).toBe('000011112222');
  const earlier = await readEarlierEvents(client, 'run', 8);
  expect(earlier.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});
