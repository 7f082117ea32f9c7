import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import proto from '@temporalio/proto';

const { TaskQueueType, PendingActivityState } = proto.temporal.api.enums.v1;

/** A worker takes a task within milliseconds of its scheduling. Milliseconds. */
const SOON_MS = 2_000;

/** A poll lasts a minute at most, so a worker has been heard of within that. Milliseconds. */
const POLL_MS = 70_000;

type Raw = WorkflowExecutionDescription['raw'];
type PendingActivity = NonNullable<Raw['pendingActivities']>[number];

/** The queue that a pending activity lies in, where it has lain there for longer than a worker would let it. */
function lyingIn({ state, activityOptions, scheduledTime }: PendingActivity): string | undefined {
  const scheduled = Number(scheduledTime?.seconds ?? 0) * 1000;
  const waits = state === PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED && Date.now() - scheduled > SOON_MS;
  return waits ? (activityOptions?.taskQueue?.name ?? undefined) : undefined;
}

/**
 * The queue that nobody polls, of each pending activity that waits in one. The service knows of pollers, and remembers
 * those that are gone for some minutes.
 */
export async function unservedQueues(client: Client, { pendingActivities }: Raw): Promise<Map<string, string>> {
  const waiting = (pendingActivities ?? []).flatMap((activity) => {
    const queue = lyingIn(activity);
    return queue === undefined || !activity.activityId ? [] : [{ id: activity.activityId, queue }];
  });
  const unserved = new Set<string>();
  for (const name of new Set(waiting.map(({ queue }) => queue))) {
    if (!(await isPolled(client, name))) unserved.add(name);
  }
  return new Map(waiting.flatMap(({ id, queue }) => (unserved.has(queue) ? [[id, queue]] : [])));
}

/** Whether a worker asks for the activities of a queue, or did a moment ago. True where the service doesn't tell. */
export async function isPolled(client: Client, name: string): Promise<boolean> {
  try {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name },
      taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    });
    const since = Date.now() - POLL_MS;
    return (pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 >= since);
  } catch {
    return true;
  }
}
