import path from 'node:path';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { OrchClient } from '../../src/client/index.js';
import { createPayloadCodec } from '../../src/temporal/payload-codec.js';
import { sealedCalls } from '../../src/temporal/sealed-calls.js';
import type { WorkerSigning } from '../../src/temporal/signing.js';
import { createScheduleRegister } from '../../src/temporal/schedule-register.js';
import { createUsedSeals } from '../../src/temporal/used-seals.js';
import { createWorker } from '../../dist/worker/index.js';
import { tempDir } from './plans.js';
import { quietRuntime } from './quiet-runtime.js';

const KEY = '0'.repeat(64);

/** A server of a test's own that takes signed messages only, and a worker that the test starts and stops. */
export interface WorkerRig {
  orch: OrchClient;
  /** Temporal's own client; it signs starts and signals, too. */
  client: Client;
  /** Folder of the runs. */
  dir: string;
  handle(id: string): WorkflowHandle;
  startWorker(): Promise<void>;
  /**
   * Stops the worker; what it remembers of runs goes with it. The next one is made at once, so that it polls as soon as
   * it is started: making it takes seconds, and updates do not wait for long.
   */
  stopWorker(): Promise<void>;
  close(): Promise<void>;
}

async function nothing(): Promise<void> {}

/**
 * @param settings dynamic configuration of the server: `history.maxTotalUpdates=3`
 * @param answerMs how long verbs wait for a worker: one that has just been started may have many runs to answer for
 */
export async function workerRig(settings: readonly string[] = [], answerMs = 60_000): Promise<WorkerRig> {
  quietRuntime();
  const environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: inject('temporalBinary') },
      extraArgs: settings.flatMap((setting) => ['--dynamic-config-value', setting]),
    },
  });
  const { address, connection } = environment;
  const dir = tempDir();
  const client = new Client({
    connection,
    dataConverter: { payloadCodecs: [createPayloadCodec(KEY)] },
    interceptors: { workflow: [sealedCalls()] },
  });
  const service = { connection: { address }, address, namespace: 'default' };
  const used = createUsedSeals(path.join(dir, 'used-seals'));
  const schedules = createScheduleRegister(path.join(dir, 'schedules'));
  const signing: WorkerSigning = { key: KEY, since: 0, used, schedules };
  const orch = await OrchClient.connect({ service, signing, answerMs });
  let ready: Worker | undefined;
  let stop = nothing;
  const create = (): Promise<Worker> =>
    createWorker({ connection: environment.nativeConnection, stateDir: dir, signing, onlyHost: true });
  const rig: WorkerRig = {
    orch,
    client,
    dir,
    handle: (id) => client.workflow.getHandle(id),
    async startWorker() {
      await stop();
      const worker = ready ?? (await create());
      ready = undefined;
      const running = worker.run();
      stop = async () => {
        stop = nothing;
        worker.shutdown();
        await running;
      };
    },
    async stopWorker() {
      await stop();
      ready ??= await create();
    },
    async close() {
      await orch.close();
      if (ready !== undefined) await rig.startWorker(); // only one that runs can be ended
      await stop();
      await environment.teardown();
    },
  };
  return rig;
}
