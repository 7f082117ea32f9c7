// Starts workflows and waits for their ends: node start.mjs ADDRESS NAME ID RUNS WORK
// NAME is both the workflow's and its task queue's; WORK is JSON.
import { Client, Connection } from '@temporalio/client';

const [address, name, id, runs, work] = process.argv.slice(2);
const connection = await Connection.connect({ address });
const client = new Client({ connection });
const execute = (workflowId) =>
  client.workflow.execute(name, { workflowId, taskQueue: name, args: [JSON.parse(work)] });
const ids = runs === '1' ? [id] : Array.from({ length: Number(runs) }, (_, i) => `${id}-${i}`);
await Promise.all(ids.map(execute));
await connection.close();
