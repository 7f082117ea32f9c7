// What a web page would ask of Temporal's HTTP interface. Each is {what, prepare}: `prepare(rig)` sets the scene, and resolves
// to {requests, happened, after}: the requests, whether they had any effect, and how the scene is cleared.

const API = '/api/v1/namespaces/default';

const payload = (value) => ({
  metadata: { encoding: Buffer.from('json/plain').toString('base64') },
  data: Buffer.from(JSON.stringify(value)).toString('base64'),
});
const payloads = (...values) => ({ payloads: values.map(payload) });
const approval = payloads({ step: 'ask', by: 'ann' });

const SIGNALED = 'workflowExecutionSignaledEventAttributes';

/** A request on a victim of its own. */
function onVictim(what, make) {
  return {
    what,
    async prepare(rig) {
      const victim = await rig.victim();
      return { ...(await make(rig, victim)), after: () => rig.endVictim(victim) };
    },
  };
}

/** By all the ways in which they could be sent, each must leave no trace. */
export const STEERING = [
  onVictim('signals approve', async (rig, { id }) => ({
    requests: [{ path: `${API}/workflows/${id}/signal/approve`, body: { input: approval } }],
    happened: async () => (await rig.eventsOf(id)).includes(SIGNALED),
  })),
  onVictim('sends approve as an update', async (rig, { id }) => ({
    requests: [
      {
        path: `${API}/workflows/${id}/update/approve`,
        body: {
          waitPolicy: { lifecycleStage: 'UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED' },
          request: { meta: { updateId: id, identity: 'ann' }, input: { name: 'approve', args: approval } },
        },
      },
    ],
    happened: async () => (await rig.eventsOf(id)).some((event) => event.startsWith('workflowExecutionUpdate')),
  })),
  onVictim('completes a running activity by its id', async (rig, { id }) => {
    const activityId = await activityIdOf(rig, id);
    const body = { workflowId: id, activityId, result: payloads({ forged: true }) };
    return {
      requests: [{ path: `${API}/activities/complete-by-id`, body }],
      happened: () => isCompleted(rig, id, activityId),
    };
  }),
  onVictim('signals all runs by a batch', async (rig, { id }) => {
    const job = rig.uniqueId('batch');
    const signalOperation = { signal: 'approve', input: approval };
    return {
      requests: [
        {
          path: `${API}/batch-operations/${job}`,
          body: { jobId: job, visibilityQuery: `WorkflowId = '${id}'`, reason: 'attack', signalOperation },
        },
      ],
      happened: () => batchExists(rig, job),
    };
  }),
  onVictim('terminates a lock', async (rig, { lock }) => ({
    requests: [{ path: `${API}/workflows/${encodeURIComponent(lock)}/terminate`, body: { reason: 'attack' } }],
    happened: async () => (await rig.client.workflow.getHandle(lock).describe()).status.name === 'TERMINATED',
  })),
  onVictim('resets a run', async (rig, { id }) => {
    const { runId } = await rig.client.workflow.getHandle(id).describe();
    const body = { workflowExecution: { workflowId: id, runId }, reason: 'attack', workflowTaskFinishEventId: '4' };
    return {
      requests: [{ path: `${API}/workflows/${id}/reset`, body: { ...body, requestId: rig.uniqueId('request') } }],
      happened: async () => (await rig.client.workflow.getHandle(id).describe()).runId !== runId,
    };
  }),
  {
    what: 'starts a plan',
    async prepare(rig) {
      const id = rig.uniqueId('planted');
      const body = { workflowType: { name: 'runPlan' }, taskQueue: { name: 'orch' }, input: payloads({}) };
      return {
        requests: [{ path: `${API}/workflows/${id}`, body }],
        happened: () =>
          rig.client.workflow
            .getHandle(id)
            .describe()
            .then(
              () => true,
              () => false,
            ),
        after: async () => {},
      };
    },
  },
];

/** What is worth reading; an answer that holds the text given with it has told something. */
export async function readable(rig, { id }) {
  const { runId } = await rig.client.workflow.getHandle(id).describe();
  return [
    { path: `${API}/workflows`, secret: id },
    { path: `${API}/workflows/${id}/history`, secret: 'WorkflowExecutionStarted' },
    { path: `${API}/workflows/${id}/runs/${runId}/history.json`, secret: 'workflowExecutionStarted' },
    { path: '/api/v1/namespaces', secret: 'default' },
    { path: '/metrics', secret: 'namespace=' },
    { path: '/', secret: '/_app/' },
  ];
}

/** The id of the activity that holds the victim's lock. */
async function activityIdOf(rig, id) {
  const { raw } = await rig.client.workflow.getHandle(id).describe();
  const found = raw.pendingActivities?.find((activity) => activity.activityId?.includes('hold'));
  if (!found) throw new Error(`${id} has no running activity`);
  return found.activityId;
}

async function isCompleted(rig, id, activityId) {
  const { events } = await rig.client.workflow.getHandle(id).fetchHistory();
  const scheduled = events.find((event) => event.activityTaskScheduledEventAttributes?.activityId === activityId);
  const ends = events.flatMap((event) => event.activityTaskCompletedEventAttributes ?? []);
  // Its own end would come with the file that nobody writes.
  return ends.some((end) => String(end.scheduledEventId) === String(scheduled.eventId));
}

async function batchExists(rig, jobId) {
  try {
    await rig.client.workflowService.describeBatchOperation({ namespace: 'default', jobId });
    return true;
  } catch {
    return false;
  }
}
