import type { WorkflowHandle } from '@temporalio/client';
import { payloadCodec } from '../../src/temporal/payload-codec.js';

/** What the timers that a workflow has started say of themselves, in order. */
export async function timerSummaries(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  const summaries = (events ?? []).flatMap(({ timerStartedEventAttributes: timer, userMetadata }) =>
    timer && userMetadata?.summary ? [userMetadata.summary] : [],
  );
  const decoded = await payloadCodec.decode(summaries);
  return decoded.map(({ data }) => JSON.parse(Buffer.from(data!).toString()) as string);
}
