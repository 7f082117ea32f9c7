import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import type { Client } from '@temporalio/client';
import { forCallsInTurn } from '../../src/client/calls-in-turn.js';
import { runOutcome } from '../../src/client/outcome.js';

test('of many calls in turn only the last one has a listener, and the end of the signal reaches it', () => {
  const { signal, abort } = controller();
  const inTurn = forCallsInTurn(signal);
  const canceled: number[] = [];
  for (let call = 0; call < 100; call += 1) inTurn.addEventListener('abort', () => canceled.push(call));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  abort();
  expect(canceled).toEqual([99]);
});

test('a call that begins after the end is canceled at once', () => {
  const { signal, abort } = controller();
  abort();
  let canceled = false;
  forCallsInTurn(signal).addEventListener('abort', () => (canceled = true));
  expect(canceled).toBe(true);
});

test('waiting for a run leaves no listener for each of its polls', async () => {
  const { signal } = controller();
  let listeners = 0;
  let given: AbortSignal | undefined;
  const client = {
    connection: {
      // As the SDK does: each call adds a listener to the signal that it is given.
      withAbortSignal: (its: AbortSignal, call: () => Promise<unknown>) => ((given = its), call()),
    },
    workflow: {
      getHandle: () => ({
        async result() {
          for (let poll = 0; poll < 50; poll += 1) given!.addEventListener('abort', () => {});
          listeners = getEventListeners(signal, 'abort').length;
          return { status: 'succeeded' };
        },
      }),
    },
  };
  await runOutcome(client as unknown as Client, 'run', undefined, signal);
  expect(listeners).toBe(1);
});

function controller(): { signal: AbortSignal; abort: () => void } {
  const made = new AbortController();
  return { signal: made.signal, abort: () => made.abort() };
}
