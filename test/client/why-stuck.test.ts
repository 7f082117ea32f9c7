import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { expect, test } from 'vitest';
import { stuck } from '../../src/client/service-errors.js';
import { whyStuck } from '../../src/client/why-stuck.js';

type Failed = temporal.api.history.v1.IWorkflowTaskFailedEventAttributes;
const Cause = temporal.api.enums.v1.WorkflowTaskFailedCause;

/** A service whose history of a run ends with a task that failed. */
const clientOf = (workflowTaskFailedEventAttributes: Failed): Client =>
  ({
    options: { namespace: 'default' },
    workflowService: {
      getWorkflowExecutionHistoryReverse: async () => ({
        history: { events: [{ workflowTaskFailedEventAttributes }] },
      }),
    },
  }) as unknown as Client;

test('a run that is stuck says why, in the words of its worker', async () => {
  const failed = {
    cause: Cause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
    failure: { message: 'no such step' },
  };
  expect(await whyStuck(clientOf(failed), 'r', stuck('r'))).toMatchObject({
    code: 'run_stuck',
    message: expect.stringMatching(/: no such step$/) as string,
  });
});

test('a run whose change to a new history has met news is at work, and not stuck', async () => {
  const overtaken = {
    cause: Cause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
    failure: { message: 'UnhandledCommand' },
  };
  expect(await whyStuck(clientOf(overtaken), 'r', stuck('r'))).toMatchObject({ code: 'run_busy' });
});
