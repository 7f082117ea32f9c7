// Runs the same chain and fan of trivial steps by orch and by a handwritten workflow, against the same server in the
// same run, alternating, and prints the ratio. `npm run bench -- --steps 100,1000 --rounds 3`
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { OrchClient } from '../dist/client/index.js';
import { ensureService, stopService, workerSigning } from '../dist/service/index.js';
import { createWorker } from '../dist/worker/index.js';
import { handwrittenActivities } from './handwritten-activities.mjs';

const { values: flags } = parseArgs({
  options: {
    chain: { type: 'string', default: '100,1000' },
    fan: { type: 'string', default: '100,1000' },
    rounds: { type: 'string', default: '3' },
  },
});
const sizes = (text) => text.split(',').filter(Boolean).map(Number);
const CONCURRENCY = 100;

Runtime.install({ logger: new DefaultLogger('ERROR') });
const state = mkdtempSync(path.join(os.tmpdir(), 'orch-bench-'));
const env = { ...process.env, ORCH_STATE_DIR: state };
const here = path.dirname(fileURLToPath(import.meta.url));
const idle = path.join(state, 'idle-worker.mjs'); // both workers run here, in this process, so that they are alike
writeFileSync(
  idle,
  'import fs from "node:fs"; fs.writeFileSync(process.env.ORCH_READY_FILE, String(process.pid)); setInterval(() => {}, 1e6);',
);
try {
  const { address } = await ensureService({ env, workerEntry: idle, onProgress: (line) => console.error(line) });
  await compare(address);
} finally {
  await stopService({ env });
  rmSync(state, { recursive: true, force: true });
}

async function compare(address) {
  const connection = await NativeConnection.connect({ address });
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(here, 'handwritten-workflow.mjs'),
    logger: new DefaultLogger('ERROR'),
  });
  const tuned = {
    maxConcurrentActivityTaskExecutions: 1000,
    stickyQueueScheduleToStartTimeout: '1 second',
    maxHeartbeatThrottleInterval: '1 second',
  };
  const signing = workerSigning(state);
  const ours = await createWorker({ connection, stateDir: state, signing });
  const theirs = await Worker.create({
    connection,
    taskQueue: 'handwritten',
    workflowBundle: { code },
    activities: handwrittenActivities,
    ...tuned,
  });
  const running = [ours.run(), theirs.run()];
  const service = { connection: { address }, address, namespace: 'default' };
  const orch = await OrchClient.connect({ service, signing });
  const plain = new Client({ connection: await Connection.connect({ address }) });

  await timeOrch(orch, plan('chain', 5));
  await timeHandwritten(plain, 'chain', 5);
  console.log('shape   steps   orch ms/step   handwritten ms/step   ratio (of medians)');
  for (const [shape, list] of [
    ['chain', sizes(flags.chain)],
    ['fan', sizes(flags.fan)],
  ]) {
    for (const steps of list) {
      const mine = [];
      const hand = [];
      for (let round = 0; round < Number(flags.rounds); round += 1) {
        mine.push(await timeOrch(orch, plan(shape, steps)));
        hand.push(await timeHandwritten(plain, shape, steps));
      }
      const [a, b] = [median(mine) / steps, median(hand) / steps];
      console.log(
        `${shape.padEnd(6)} ${String(steps).padStart(6)}   ${a.toFixed(2).padStart(12)}   ${b.toFixed(2).padStart(19)}   ${(a / b).toFixed(2).padStart(5)}`,
      );
    }
  }
  ours.shutdown();
  theirs.shutdown();
  await Promise.all(running);
  await orch.close();
  await plain.connection.close();
  await connection.close();
}

function plan(shape, steps) {
  return {
    source: {
      plan_id: `bench-${shape}`,
      version: '1.0',
      globals: { max_concurrency: CONCURRENCY },
      steps: Array.from({ length: steps }, (_, i) => ({
        id: `s${i}`,
        command: 'true',
        ...(shape === 'chain' && i > 0 ? { depends_on: [`s${i - 1}`] } : {}),
      })),
    },
  };
}

async function timeOrch(client, toStart) {
  const began = performance.now();
  const { run_id } = await client.start(toStart);
  const result = await client.result(run_id);
  if (result.status !== 'succeeded') throw new Error(`the bench run ${run_id} ${result.status}`);
  return performance.now() - began;
}

async function timeHandwritten(client, shape, steps) {
  const began = performance.now();
  await client.workflow.execute('handwritten', {
    workflowId: `handwritten-${shape}-${steps}-${Math.random().toString(36).slice(2)}`,
    taskQueue: 'handwritten',
    args: [shape, steps, CONCURRENCY],
  });
  return performance.now() - began;
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
