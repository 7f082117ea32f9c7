// How long a worker takes to replay a history, which it has to after it was restarted. Prints milliseconds.
//   node --require ./dist/service/workflow-thread.cjs bench/replay.mjs STATE_DIR RUN_ID EXECUTION
// The service of that state folder must run. With --require it is as in the embedded worker; in a thread, because the SDK
// replays in the one that asks for it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker as Replayer } from '@temporalio/worker';
import { createPayloadCodec } from '../dist/temporal/payload-codec.js';
import { workflowBundle } from '../dist/worker/bundle.js';
import { workerSigning } from '../dist/service/index.js';

if (isMainThread) {
  const thread = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  thread.on('error', (error) => {
    throw error;
  });
} else await replay(process.argv.slice(2));

async function replay([state, workflowId, execution]) {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { key, since } = workerSigning(state);
  const dataConverter = { payloadCodecs: [createPayloadCodec(key)] };
  const { server } = JSON.parse(readFileSync(path.join(state, 'service', 'service.json'), 'utf8'));
  const connection = await Connection.connect({ address: server.address });
  const { workflow } = new Client({ connection, dataConverter });
  const history = await workflow.getHandle(workflowId, execution).fetchHistory();
  await connection.close();

  // Twice, of which the first also has to load the workflow code.
  let began = 0;
  const histories = (function* () {
    for (let time = 0; time < 2; time += 1) {
      began = performance.now();
      yield { workflowId, history };
    }
  })();
  const sinks = { record: { take: { fn() {}, callDuringReplay: false } } };
  const options = { workflowBundle: workflowBundle(since, false), dataConverter, sinks };
  let took = 0;
  for await (const { error } of Replayer.runReplayHistories(options, histories)) {
    if (error !== undefined) throw error;
    took = performance.now() - began;
  }
  console.log(Math.round(took));
}
