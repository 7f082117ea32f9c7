import type { WorkflowHandle } from '@temporalio/client';
import { CANCEL_SENDER } from '../contract/run-messages.js';
import { throughOutages } from './service-errors.js';

/** Asks a run to stop, after it has heard who asks. */
export async function requestCancel(handle: Pick<WorkflowHandle, 'signal' | 'cancel'>, by: string): Promise<void> {
  await throughOutages(() => handle.signal(CANCEL_SENDER, { by })).catch(() => {}); // a name must not keep it from being canceled
  await throughOutages(() => handle.cancel());
}
