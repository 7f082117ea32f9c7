// The worker of the handwritten workflow, a process of its own as orch's is: node worker.mjs ADDRESS
// It prints a line once it polls, and ends with its stdin.
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { activities } from './activities.mjs';

const logger = new DefaultLogger('ERROR');
Runtime.install({ logger });
const workflowsPath = fileURLToPath(new URL('workflow.mjs', import.meta.url));
const { code } = await bundleWorkflowCode({ workflowsPath, logger });
const connection = await NativeConnection.connect({ address: process.argv[2] });
const worker = await Worker.create({
  connection,
  taskQueue: 'handwritten',
  workflowBundle: { code },
  activities,
  maxConcurrentActivityTaskExecutions: 1000,
});
const running = worker.run();
process.stdin.once('end', () => worker.getState() === 'RUNNING' && worker.shutdown()).resume();
process.stdout.write('ready\n');
await running;
await connection.close();
