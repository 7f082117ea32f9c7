import os from 'node:os';
import type { Context } from '@temporalio/activity';
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import { readRunStart } from '../activities/step/shared-task.js';
import { Places } from '../activities/step/places.js';
import { createAccountGateway } from '../temporal/account-gateway.js';
import { createLockGateway } from '../temporal/lock-gateway.js';
import { RecordKeeper } from '../records/record-keeper.js';
import type { EarlierEvents } from '../records/live-record.js';
import { stateHost } from '../records/state-host.js';
import { hostQueue } from '../contract/names.js';
import type { ScheduledStarts } from '../contract/schedule-messages.js';
import { createPayloadCodec } from '../temporal/payload-codec.js';
import { createPendingSteps } from '../temporal/pending-steps.js';
import { readEarlierEvents } from '../temporal/read-record.js';
import { sealedClient } from '../temporal/sealed-client.js';
import { createRunStarts } from '../temporal/run-starts.js';
import { DEFAULT_NAMESPACE, DEFAULT_TASK_QUEUE, type TemporalSettings } from '../temporal/settings.js';
import type { WorkerSigning } from '../temporal/signing.js';
import { workflowBundle } from './bundle.js';
import { LateAnswers } from './late-answers.js';
import { parkKillers } from './park-killers.js';
import { recordSinks } from './record-sink.js';
import { signedTasks } from './signed-tasks.js';
import { defined } from '../basics/defined.js';

export interface WorkerSettings {
  connection: NativeConnection;
  namespace?: string;
  /** Default `orch`. */
  taskQueue?: string;
  /** Folder of orch's state, where logs go. */
  stateDir: string;
  /** Environment that steps inherit. Default: that of this process. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Takes only what was signed with its key. Default: takes everything. */
  signing?: WorkerSigning;
  /** Steps that run at once in this worker. Default 1000: a run's own `max_concurrency` is the usual limit. */
  maxSteps?: number;
  /** Name of the service, the same at each start: an address and a namespace, say. */
  service?: string;
  /** True where only workers with this state folder serve the runs, as with the embedded service. Default false. */
  onlyHost?: boolean;
  /** Seconds that running steps have to end once the worker is to stop. Default 0: they go on without it. */
  drainSec?: number;
  /** Folder of a loop's configuration on this host, where the worker takes the turns of one of its roles. */
  loopRoot?: string;
  /** Set where workers have died lately: this one notes each run before it computes for it, one at a time. */
  careful?: boolean;
  /** Whether workflow code keeps stacks, for who debugs it; dear. Default false. */
  stacks?: boolean;
  /** Starts what schedules are due for. Default: that is another worker's. */
  schedules?: ScheduledStarts;
  /** What waits without holding a place in the worker. Default: one of the worker's own, which ends with the process. */
  late?: LateAnswers;
  /** Where runs leave their records. Default: a keeper of the worker's own. */
  records?: Pick<RecordKeeper, 'take' | 'seal' | 'finish' | 'flush'>;
}

/** Steps that run at once where nobody has said how many. */
const MAX_STEPS = 1000;

/** Connects to the service that `settings` names. */
export function connectWorker(settings: TemporalSettings): Promise<NativeConnection> {
  return NativeConnection.connect(settings.connection);
}

/** Makes the worker that runs plans and their steps. Call `run()` on it. */
export async function createWorker(given: WorkerSettings): Promise<Worker> {
  // One keeper for what workflows tell and for what they have written: two would write into the same files.
  const settings = { ...given, records: recordsOf(given) };
  const worker = await Worker.create({
    ...commonOptions(settings),
    taskQueue: settings.taskQueue ?? DEFAULT_TASK_QUEUE,
    workflowBundle: workflowBundle(settings.signing?.since, settings.stacks === true),
    sinks: recordSinks(settings.records),
    // After a kill -9 the default of 10 s would delay the next workflow task by as much.
    stickyQueueScheduleToStartTimeout: '1 second',
    ...PATIENCE,
  });
  const { logger } = Runtime.instance();
  const { stateDir, careful = false } = settings;
  parkKillers(worker, { stateDir, careful, warn: (message) => logger.warn(message) });
  return worker;
}

/**
 * How long workflow code may compute at a stretch. What is cut off by it takes the whole process along, with the steps
 * of all other runs, and on a busy machine the SDK's own 5 seconds are soon over. The SDK has the option, but not in its
 * types; what the code may compute is bounded otherwise (`pacing.ts`).
 */
const PATIENCE: object = { isolateExecutionTimeout: '60 seconds' };

/** Makes the worker that takes only the steps whose processes are on this host, beside the other one. */
export function createHostWorker(settings: WorkerSettings): Promise<Worker> {
  return Worker.create({ ...commonOptions(settings), taskQueue: hostQueue(stateHost(settings.stateDir)) });
}

/** Makes the worker that takes the turns of one role of a loop, beside the one that serves the loop itself. */
export function createRoleWorker(settings: WorkerSettings, queue: string): Promise<Worker> {
  return Worker.create({ ...commonOptions(settings), taskQueue: queue });
}

/** Reads what histories hold that a run has left behind. */
export function earlierEvents({
  connection,
  namespace = DEFAULT_NAMESPACE,
  signing,
}: Pick<WorkerSettings, 'connection' | 'namespace' | 'signing'>): EarlierEvents {
  const client = sealedClient(connection, namespace, signing?.key);
  return (runId, upTo) => readEarlierEvents(client, runId, upTo);
}

function recordsOf(settings: WorkerSettings): NonNullable<WorkerSettings['records']> {
  return (
    settings.records ??
    new RecordKeeper(settings.stateDir, (message) => Runtime.instance().logger.warn(message), earlierEvents(settings))
  );
}

function commonOptions(settings: WorkerSettings): Omit<WorkerOptions, 'taskQueue'> {
  const { connection, namespace = DEFAULT_NAMESPACE, taskQueue = DEFAULT_TASK_QUEUE } = settings;
  const { signing } = settings;
  const reach = { connection, namespace, taskQueue, ...defined({ signingKey: signing?.key }) };
  const locks = createLockGateway(reach);
  const late = settings.late ?? new LateAnswers(sealedClient(connection, namespace, signing?.key).activity);
  return {
    connection,
    namespace,
    identity: `orch@${os.hostname()}:${process.pid}`,
    activities: createActivities({
      stateDir: settings.stateDir,
      env: settings.env ?? process.env,
      ...defined({ signing }),
      host: stateHost(settings.stateDir),
      service: settings.service ?? namespace,
      ...defined({ loopRoot: settings.loopRoot }),
      manyHosts: settings.onlyHost !== true,
      places: new Places(settings.maxSteps ?? MAX_STEPS),
      isRunOpen: async (run) => (await locks.closedAt(run)) === undefined,
      starts: createRunStarts(reach, readRunStart),
      locks,
      pendingSteps: createPendingSteps(reach),
      accounts: createAccountGateway(reach),
      ...defined({ schedules: settings.schedules }),
      records: recordsOf(settings),
    }),
    dataConverter: { payloadCodecs: [createPayloadCodec(signing?.key)] },
    interceptors: {
      activity: [
        (context) => ({ inbound: late.interceptor(context) }),
        ...(signing ? [(context: Context) => ({ inbound: signedTasks(signing, context) })] : []),
      ],
    },
    maxConcurrentActivityTaskExecutions: settings.maxSteps ?? MAX_STEPS,
    // Heartbeats bring cancellations: throttled, these would wait for most of the heartbeat timeout.
    maxHeartbeatThrottleInterval: '1 second',
    defaultHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: `${settings.drainSec ?? 0} seconds`,
    shutdownForceTime: `${(settings.drainSec ?? 0) + 30} seconds`,
  };
}
