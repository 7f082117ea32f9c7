import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { EngineEvent } from '../../../src/engine/index.js';
import { RunLocks } from '../../../src/workflows/run/run-locks.js';
import { programOf } from '../../engine/programs.js';
import { activityFailure, HandTemporal, stopped } from '../../support/hand-temporal.js';

interface Rig {
  temporal: HandTemporal;
  locks: RunLocks;
  events: EngineEvent[];
}

async function take(names: string[], planned = names): Promise<Rig> {
  const temporal = new HandTemporal();
  const events: EngineEvent[] = [];
  const { plan } = programOf({ a: {} }, 8, { locks: planned });
  const locks = new RunLocks(temporal, { plan, subPlans: new Map() }, names, (event) => void events.push(event));
  locks.take(temporal.root);
  await temporal.settled();
  return { temporal, locks, events };
}

test('a run hears who holds its lock, and then that it has them all', async () => {
  const { temporal, locks, events } = await take(['b', 'a']);
  await temporal.the('acquireLock').ends({ granted: false, holder: 'other' });
  await temporal.the('acquireLock').ends({ granted: true });
  await temporal.the('acquireLock').ends({ granted: true });
  expect(events).toEqual([
    { type: 'lock-waited', name: 'a', holder: 'other', at: expect.any(Number) as number },
    { type: 'locks-held', at: expect.any(Number) as number },
  ]);
  const back = locks.giveBack();
  await temporal.settled();
  expect(temporal.waiting()).toEqual(['releaseLock', 'releaseLock']);
  for (let i = 0; i < 2; i += 1) await temporal.the('releaseLock').ends();
  await back;
  expect(locks.failure()).toBeUndefined();
});

test('where the way to the locks fails the run learns why, and what it held goes back', async () => {
  const { temporal, locks, events } = await take(['a', 'b']);
  await temporal.the('acquireLock').ends({ granted: true });
  const cause = ApplicationFailure.nonRetryable('no such task queue', 'GatewayError');
  await temporal.the('acquireLock').fails(activityFailure('acquireLock', cause));
  // Not before all that it asked for has gone back.
  expect([temporal.waiting(), locks.failure()]).toEqual([['releaseLock', 'releaseLock'], undefined]);
  for (let i = 0; i < 2; i += 1) await temporal.the('releaseLock').ends();
  expect(locks.failure()).toBe(cause);
  expect(events).toEqual([]);
  await locks.giveBack();
  expect(temporal.waiting()).toEqual([]);
});

test('a request that is taken back is no failure', async () => {
  const { temporal, locks, events } = await take(['a']);
  const back = locks.giveBack();
  await temporal.settled();
  await temporal.the('acquireLock').fails(stopped());
  await temporal.the('releaseLock').ends();
  await back;
  expect([locks.failure(), events]).toEqual([undefined, []]);
});

test('locks that a run above holds are held at once', async () => {
  const { temporal, events } = await take([], ['a']);
  expect([temporal.waiting(), events.map(({ type }) => type)]).toEqual([[], ['locks-held']]);
});
