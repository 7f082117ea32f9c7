import os from 'node:os';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import { createLockGateway } from '../temporal/lock-gateway.js';
import { createRecordKeeper, type RecordKeeper } from '../records/record-keeper.js';
import { payloadCodec } from '../temporal/payload-codec.js';
import { DEFAULT_NAMESPACE, DEFAULT_TASK_QUEUE, type TemporalSettings } from '../temporal/settings.js';
import { WORKFLOW_BUNDLE } from './bundle.js';
import { recordSinks } from './record-sink.js';

export interface WorkerSettings {
  connection: NativeConnection;
  namespace?: string;
  /** Default `orch`. */
  taskQueue?: string;
  /** Folder of orch's state, where logs go. */
  stateDir: string;
  /** Environment that steps inherit. Default: that of this process. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Takes only starts signed with this key. Default: takes every start. */
  signingKey?: string;
  /** Steps that run at once in this worker. Default 1000: a run's own `max_concurrency` is the usual limit. */
  maxSteps?: number;
  /** Where runs leave their records. Default: a keeper of the worker's own. */
  records?: RecordKeeper;
}

/** Connects to the service that `settings` names. */
export function connectWorker(settings: TemporalSettings): Promise<NativeConnection> {
  return NativeConnection.connect(settings.connection);
}

/** Makes a worker that runs plans and their steps. Call `run()` on it. */
export function createWorker(settings: WorkerSettings): Promise<Worker> {
  const { connection, namespace = DEFAULT_NAMESPACE, taskQueue = DEFAULT_TASK_QUEUE } = settings;
  const signing = settings.signingKey === undefined ? {} : { signingKey: settings.signingKey };
  const records =
    settings.records ?? createRecordKeeper(settings.stateDir, (message) => Runtime.instance().logger.warn(message));
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    identity: `orch@${os.hostname()}:${process.pid}`,
    workflowBundle: { codePath: WORKFLOW_BUNDLE },
    activities: createActivities({
      stateDir: settings.stateDir,
      env: settings.env ?? process.env,
      ...signing,
      locks: createLockGateway({ connection, namespace, taskQueue, ...signing }),
      records,
    }),
    sinks: recordSinks(records),
    dataConverter: { payloadCodecs: [payloadCodec] },
    maxConcurrentActivityTaskExecutions: settings.maxSteps ?? 1000,
    // After a kill -9 the default of 10 s would delay the next workflow task by as much.
    stickyQueueScheduleToStartTimeout: '1 second',
    // Heartbeats bring cancellations: throttled, these would wait for most of the heartbeat timeout.
    maxHeartbeatThrottleInterval: '1 second',
    defaultHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: '0 seconds',
    shutdownForceTime: '30 seconds',
  });
}
