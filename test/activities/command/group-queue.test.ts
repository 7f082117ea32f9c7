import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { GroupQueue } from '../../../src/activities/command/group-queue.js';

/** Two at once, and nobody's patience ends while the test runs. */
const TWO = { atOnce: 2, waits: 600_000 };
const never = new AbortController().signal;

let began: string[];
let ends: Map<string, () => void>;
/** Tells the queue that the processors idle; undefined while it does not ask. */
let idle: (() => void) | undefined;
let queue: GroupQueue;
beforeEach(() => {
  began = [];
  ends = new Map();
  idle = undefined;
  queue = queueOf(TWO);
});

function queueOf(limit: typeof TWO): GroupQueue {
  return new GroupQueue(limit, (act) => {
    idle = act;
    return () => (idle = undefined);
  });
}

function group(name: string, signal = never): Promise<string | undefined> {
  const act = (): Promise<string> => {
    began.push(name);
    return new Promise((resolve) => ends.set(name, () => resolve(name)));
  };
  return queue.run(act, signal);
}

async function end(name: string): Promise<void> {
  ends.get(name)!();
  await turn();
}

test('a few groups run at once, and the others follow in the order in which they came', async () => {
  const groups = ['a', 'b', 'c', 'd'].map((name) => group(name));
  await turn();
  expect(began).toEqual(['a', 'b']);
  await end('b');
  expect(began).toEqual(['a', 'b', 'c']);
  await end('a');
  expect(began).toEqual(['a', 'b', 'c', 'd']);
  for (const name of ['c', 'd']) await end(name);
  expect(await Promise.all(groups)).toEqual(['a', 'b', 'c', 'd']);
  expect(idle).toBeUndefined();
});

test('a group that fails leaves its turn to the next one', async () => {
  await expect(queue.run(() => Promise.reject(new Error('no')), never)).rejects.toThrow('no');
  await expect(queue.run(() => Promise.reject(new Error('no')), never)).rejects.toThrow('no');
  void group('a');
  void group('b');
  await turn();
  expect(began).toEqual(['a', 'b']);
});

test('where the processors idle one more begins each time, until nobody waits', async () => {
  for (const name of ['a', 'b', 'c', 'd']) void group(name);
  await turn();
  idle!();
  await turn();
  expect(began).toEqual(['a', 'b', 'c']);
  idle!();
  await turn();
  expect(began).toEqual(['a', 'b', 'c', 'd']);
  expect(idle).toBeUndefined();
  void group('e');
  await turn();
  expect(began).toHaveLength(4); // two at once, as before
});

test('a group whose turn does not come in time, or whose worker stops, begins nothing and keeps nobody waiting', async () => {
  queue = queueOf({ atOnce: 1, waits: 1 });
  void group('a');
  expect(await group('late')).toBeUndefined();
  queue = queueOf({ ...TWO, atOnce: 1 });
  void group('b');
  const stops = new AbortController();
  const stopped = group('stopped', stops.signal);
  void group('c');
  stops.abort();
  expect(await stopped).toBeUndefined();
  await end('b');
  expect(began).toEqual(['a', 'b', 'c']);
});
