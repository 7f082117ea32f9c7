import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import {
  LOCK_RELEASE,
  LOCK_REQUEST,
  LOCK_VIEW,
  type LockRequest,
  type LockState,
} from '../../contract/lock-messages.js';
import { isIdle, release, request } from './lock-queue.js';

/** How often the runs of a lock that somebody waits for are looked at. */
const CHECK_MS = 5_000;
/** How long a lock that nobody wants stays: taking it again and again must not start a workflow each time. */
const LINGER_MS = 30_000;

const { endedRuns } = proxyLocalActivities<Pick<Activities, 'endedRuns'>>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '5 seconds' },
});

/**
 * A lock that runs hold across runs: one workflow per name, first come, first served.
 *
 * It has no lease, which would run out under a holder that is merely slow. Instead it looks, while somebody waits,
 * whether the runs in it are still open, and lets go of those that are not.
 */
export async function lock(carried?: LockState): Promise<void> {
  const state: LockState = carried ?? { waiters: [] };
  const signal = { description: 'Sent by runs' };
  setHandler(defineSignal<[LockRequest]>(LOCK_REQUEST), (asked) => request(state, asked), signal);
  setHandler(defineSignal<[string]>(LOCK_RELEASE), (key) => release(state, key), signal);
  setHandler(defineQuery<LockState>(LOCK_VIEW), () => state, { description: 'Who holds the lock, and who waits' });

  // A request that comes while the workflow ends or continues makes the server refuse that end: it is never lost.
  for (;;) {
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof lock>(state);
    }
    if (isIdle(state)) {
      if (!(await condition(() => !isIdle(state), LINGER_MS))) break;
    } else if (state.waiters.length === 0) {
      await condition(() => isIdle(state) || state.waiters.length > 0 || workflowInfo().continueAsNewSuggested);
    } else {
      for (const key of await endedRuns([state.holder!, ...state.waiters])) release(state, key);
      await condition(() => state.waiters.length === 0 || workflowInfo().continueAsNewSuggested, CHECK_MS);
    }
  }
  await condition(allHandlersFinished);
}
