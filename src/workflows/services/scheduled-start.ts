import {
  ActivityCancellationType,
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { ScheduleActivities } from '../../contract/activities.js';
import type { ScheduledEnd } from '../../contract/schedule-messages.js';

/** As long as a run may take. */
const FOREVER = '3650 days';

const { startScheduled, cancelScheduled } = proxyActivities<ScheduleActivities>({
  startToCloseTimeout: '5 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});
const WAIT: ActivityOptions = {
  startToCloseTimeout: FOREVER,
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
};

/**
 * What Temporal starts when a schedule is due: it starts the run, and is open for as long as the run is. So Temporal knows
 * whether the last one is still open, and can wait for it or cancel it, as the schedule says.
 *
 * It takes no input: what is to be started the worker reads itself, and checks who has said so.
 */
export async function scheduledStart(): Promise<ScheduledEnd> {
  // A run that was started while the cancel came would be nobody's.
  const run = await CancellationScope.nonCancellable(() => startScheduled());
  // The wait for a run hears of a cancel with the answer to a heartbeat, and these are rare: nobody waits for that.
  const { awaitScheduled } = proxyActivities<ScheduleActivities>(
    patched('cancels-wait-at-once') ? { ...WAIT, cancellationType: ActivityCancellationType.TRY_CANCEL } : WAIT,
  );
  try {
    return await awaitScheduled(run);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return CancellationScope.nonCancellable(async () => {
      await cancelScheduled(run);
      return awaitScheduled(run);
    });
  }
}
