import { Client, type WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { inject } from 'vitest';
import { OrchClient } from '../../src/client/index.js';
import { payloadCodec } from '../../src/temporal/payload-codec.js';
import { signedStarts } from '../../src/temporal/signed-starts.js';
import { createWorker } from '../../dist/worker/index.js';
import { tempDir } from './plans.js';

const SIGNING_KEY = 'key of the test';

/** A server of a test's own that takes signed starts only, and a worker that the test starts and stops. */
export interface WorkerRig {
  orch: OrchClient;
  /** Temporal's own client; it signs starts, too. */
  client: Client;
  /** Folder of the runs. */
  dir: string;
  handle(id: string): WorkflowHandle;
  startWorker(): Promise<void>;
  /** Stops the worker; what it remembers of runs goes with it. */
  stopWorker(): Promise<void>;
  close(): Promise<void>;
}

/** @param settings dynamic configuration of the server: `history.maxTotalUpdates=3` */
export async function workerRig(...settings: string[]): Promise<WorkerRig> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
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
    dataConverter: { payloadCodecs: [payloadCodec] },
    interceptors: { workflow: [signedStarts(SIGNING_KEY)] },
  });
  const service = { connection: { address }, address, namespace: 'default' };
  const orch = await OrchClient.connect({ service, signingKey: SIGNING_KEY });
  let stop = async (): Promise<void> => {};
  return {
    orch,
    client,
    dir,
    handle: (id) => client.workflow.getHandle(id),
    async startWorker() {
      await stop();
      const worker = await createWorker({
        connection: environment.nativeConnection,
        stateDir: dir,
        signingKey: SIGNING_KEY,
      });
      const running = worker.run();
      stop = async () => {
        stop = async () => {};
        worker.shutdown();
        await running;
      };
    },
    stopWorker: () => stop(),
    async close() {
      await orch.close();
      await stop();
      await environment.teardown();
    },
  };
}
