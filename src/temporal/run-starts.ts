import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { plain } from '../contract/seal.js';
import { createGatewayClient, type GatewayOptions } from './gateway-client.js';

/** Runs whose start is kept in mind: asked for by each of their steps. */
const KEPT = 50;

/** How a worker learns what a run was started with. */
export interface RunStarts<T> {
  /** @throws what the service says; an Error where the run's start cannot be read. */
  of(run: { run_id: string; temporal_run_id: string }): Promise<T>;
}

/**
 * Reads what a run was started with from the first event of its history, once for each run. It is there on every host,
 * for as long as the run is open, also after a crash and for a run that was continued as new; and nothing can change it.
 *
 * @param derive makes what is kept of it
 */
export function createRunStarts<T>(options: GatewayOptions, derive: (input: unknown) => T): RunStarts<T> {
  const { client, call } = createGatewayClient(options);
  const known = new Map<string, Promise<T>>();

  return {
    of({ run_id, temporal_run_id }) {
      const before = known.get(temporal_run_id);
      if (before !== undefined) return before;
      const start = read(run_id, temporal_run_id);
      known.set(temporal_run_id, start);
      start.catch(() => known.delete(temporal_run_id)); // the next one asks again
      for (const oldest of known.keys()) {
        if (known.size <= KEPT) break;
        known.delete(oldest);
      }
      return start;
    },
  };

  async function read(workflowId: string, runId: string): Promise<T> {
    const { history } = await call(() =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
        maximumPageSize: 1,
      }),
    );
    const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
    const { namespace, loadedDataConverter } = client.options;
    const context = { type: 'workflow' as const, namespace, workflowId };
    const [given] = await decodeArrayFromPayloads(loadedDataConverter, payloads, context);
    // The run that has asked was allowed to begin, so a start without a signature is one from before there were any.
    const input = plain(given);
    if (typeof input !== 'object' || input === null) throw new Error(`The start of run '${workflowId}' cannot be read`);
    return derive(input);
  }
}
