import type { Client } from '@temporalio/client';
import { ENGINE_VERSION, OLDEST_ENGINE_VERSION } from '../contract/run-input.js';
import { RUN_PLAN } from '../contract/run-messages.js';
import { plain } from '../contract/seal.js';
import { asOrchError } from './service-errors.js';

/** Open runs that are looked at, from the newest. */
const MOST = 1000;

/** Ids of open runs that this build does not run: each waits for a worker of another one. */
export interface OtherVersions {
  newer: string[];
  older: string[];
}

/** Looks for open runs that need another build of orch, by what their starters noted. @throws OrchError `service_unreachable`. */
export async function otherVersions(client: Client): Promise<OtherVersions> {
  const found: OtherVersions = { newer: [], older: [] };
  let seen = 0;
  try {
    const query = `WorkflowType = '${RUN_PLAN}' AND ExecutionStatus = 'Running'`;
    for await (const { workflowId, memo } of client.workflow.list({ query })) {
      const version = plain(memo?.['engine_version']);
      if (typeof version === 'number' && version > ENGINE_VERSION) found.newer.push(workflowId);
      if (typeof version === 'number' && version < OLDEST_ENGINE_VERSION) found.older.push(workflowId);
      seen += 1;
      if (seen >= MOST) break;
    }
  } catch (error) {
    throw asOrchError(error);
  }
  return found;
}
