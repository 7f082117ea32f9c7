import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { LockAnswer, LockActivities } from '../contract/activities.js';
import type { LockGateway } from '../temporal/lock-gateway.js';
import type { LockRequest } from '../contract/lock-messages.js';
import { beating } from './step/heartbeat.js';

/** Milliseconds between two looks of the one who is next in line; those behind look less often. */
const LOOK_MS = 250;
const LOOK_MS_MOST = 3_000;

/** Makes the activities about locks. */
export function createLockActivities(gateway: LockGateway): LockActivities {
  return {
    acquireLock: (name, request, known) => beating(() => acquire(gateway, name, request, known)),
    releaseLock: (name, key) => gateway.release(name, key),
    async endedRuns(requests) {
      const ended = await Promise.all(requests.map((request) => hasSettled(gateway, request)));
      return requests.filter((_, index) => ended[index]).map(({ key }) => key);
    },
  };
}

async function acquire(
  gateway: LockGateway,
  name: string,
  request: LockRequest,
  known: string | null,
): Promise<LockAnswer> {
  const { cancellationSignal: signal } = Context.current();
  for (;;) {
    if (signal.aborted) throw stoppedWaiting();
    const lock = await gateway.view(name);
    if (lock?.holder?.key === request.key) return { granted: true };
    const place = lock?.waiters.findIndex(({ key }) => key === request.key) ?? -1;
    if (place < 0) {
      await gateway.request(name, request);
      continue;
    }
    const holder = lock!.holder!.run_id;
    if (holder !== known) return { granted: false, holder };
    await sleep(Math.min(LOOK_MS_MOST, LOOK_MS * (place + 1)), undefined, { signal }).catch(() => {});
  }
}

/** On request it is canceled; where only the worker goes, another one waits on, in the same place. */
function stoppedWaiting(): Error {
  if (Context.current().cancellationDetails?.cancelRequested) return new CancelledFailure('The wait was stopped');
  return ApplicationFailure.retryable('The worker stopped while it waited for a lock', 'WorkerStopped');
}

/** A run that ended in order gave its locks back itself; after a sudden end its processes take a while to stop. */
async function hasSettled(gateway: LockGateway, request: LockRequest): Promise<boolean> {
  const closedAt = await gateway.closedAt(request);
  return closedAt !== undefined && Date.now() - closedAt >= request.settle_sec * 1000;
}
