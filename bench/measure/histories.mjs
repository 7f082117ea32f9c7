// What Temporal keeps of runs. A long run has several histories, one after the other; all of them count.
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;

/** @returns `{ events, bytes }` of all histories of workflows that have ended */
export async function historiesOf(client, workflowIds) {
  const found = { events: 0, bytes: 0 };
  for (const id of workflowIds) {
    for (const runId of await executionsOf(client, id)) {
      const { raw } = await client.workflow.getHandle(id, runId).describe();
      found.events += Number(raw.workflowExecutionInfo.historyLength);
      found.bytes += Number(raw.workflowExecutionInfo.historySizeBytes);
    }
  }
  return found;
}

/** The list of them is written a moment after they end. */
async function executionsOf(client, id) {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const all = [];
    for await (const { runId, status } of client.workflow.list({ query: `WorkflowId = '${id}'` })) {
      all.push({ runId, status: status.name });
    }
    const last = all.filter(({ status }) => status !== 'CONTINUED_AS_NEW');
    if (last.length === 1 && last[0].status !== 'RUNNING') return all.map(({ runId }) => runId);
    if (performance.now() > deadline) throw new Error(`the histories of '${id}' are not complete`);
    await sleep(100);
  }
}
