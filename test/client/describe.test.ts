import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { describeRun } from '../../src/client/describe.js';

/** A service on which a run has ended, and that is told to let go of the question whether orch ended it. */
function clientOf(): { client: Client; asked: () => number } {
  let asked = 0;
  const described = {
    workflowId: 'r',
    runId: 'x',
    status: { name: 'COMPLETED' },
    closeTime: new Date(),
    startTime: new Date(),
    raw: {},
  };
  const client = {
    options: { namespace: 'default' },
    workflow: { getHandle: () => ({ describe: async () => described }) },
    workflowService: {
      getWorkflowExecutionHistory: async () => {
        asked += 1;
        throw Object.assign(new Error('1 CANCELLED: Cancelled on client'), {
          code: 1, // CANCELLED, as gRPC numbers it
          details: 'Cancelled on client',
          metadata: {},
        });
      },
    },
  } as unknown as Client;
  return { client, asked: () => asked };
}

// `orch run` looked just when the run's end came by another way, and waited 9 s for a question that it had canceled.
test('who is not patient asks once, also whether a run that has completed is genuine', async () => {
  const { client, asked } = clientOf();
  await expect(describeRun(client, 'r', { since: 0 }, false)).rejects.toThrow();
  expect(asked()).toBe(1);
});
