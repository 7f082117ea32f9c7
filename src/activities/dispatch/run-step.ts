import { ApplicationFailure, Context } from '@temporalio/activity';
import { runAgent } from '../agent/run-agent.js';
import { carried, recorded } from '../step/attempt-record.js';
import { runCommand } from '../command/run-command.js';
import { runHttp } from '../http/run-http.js';
import type { RunStepDeps, Execution } from '../step/execution.js';
import { waitForRoom } from '../step/disk-full.js';
import { completeTask } from '../step/shared-task.js';
import { failStep } from '../step/step-failure.js';
import type { SharedTask, StepHeartbeat, StepSuccess, StepTask } from '../../contract/step-task.js';
import { isExpected, noteUnexpected } from '../step/unexpected.js';
import { defined } from '../../basics/defined.js';
import { withoutStack } from '../../basics/without-stack.js';

/** Makes the activity that runs one step. */
export function createRunStep(deps: RunStepDeps): (given: StepTask | SharedTask) => Promise<StepSuccess> {
  return async (given) => {
    const task = await completeTask(deps.starts, given);
    const { info } = Context.current();
    const earlier = (info.heartbeatDetails as StepHeartbeat | undefined) ?? task.carried;
    const isCall = task.action.type === 'http';
    if (!isCall && earlier?.host !== undefined && earlier.host !== deps.host) throw wrongHost(earlier);
    const startedAt = Date.now();
    const failures = earlier?.failures ?? 0;
    const execution: Execution = {
      task,
      failures,
      attempt: (task.attempts_before ?? 0) + failures + 1,
      firstStartedAt: earlier?.first_started_at ?? startedAt,
      startedAt,
      failedAttempts: earlier?.failed_attempts ?? [],
      ...(isCall ? {} : { host: deps.host }),
      detached: (info.heartbeatDetails as StepHeartbeat | undefined)?.detached ?? 0,
    };
    if (isCall) refuseLosses(execution, info.attempt);
    // Before anything is started: an attempt on another host must know where to look for it.
    else if (deps.manyHosts) Context.current().heartbeat(carried(execution) satisfies StepHeartbeat);
    waitForRoom(deps, execution);
    const { action } = task;
    if (action.type === 'http') return recorded(execution, () => expecting(execution, () => runHttp(deps, execution)));
    const run = (): Promise<StepSuccess> =>
      action.type === 'agent' ? runAgent(deps, execution, action) : runCommand(deps, execution);
    return recorded(execution, () => expecting(execution, () => deps.places.with(run)));
  };
}

/** What nobody expected ends the step, once and with its words: as a lost worker it would be run again. */
async function expecting(execution: Execution, run: () => Promise<StepSuccess>): Promise<StepSuccess> {
  try {
    return await run();
  } catch (error) {
    if (isExpected(error)) throw error;
    noteUnexpected(error);
    return failStep(execution, { reason: 'internal_error', message: String(error), retryable: false });
  }
}

/** A call is made again by each worker. One that takes its workers down must come to an end. */
function refuseLosses(execution: Execution, temporalAttempt: number): void {
  const { task, failures, detached } = execution;
  const losses = temporalAttempt - 1 - failures - detached;
  const most = task.run_once === true ? 0 : task.max_lost;
  if (losses <= most) return;
  const why = task.run_once === true ? 'run_once forbids another call' : `max_lost is ${task.max_lost}`;
  failStep(execution, {
    reason: 'lost',
    message: `LostError: ${losses === 1 ? '1 worker was' : `${losses} workers were`} lost while running this step (${why})`,
  });
}

/** The step's process is elsewhere, if it lives. The workflow sends the step there. */
function wrongHost({ failures, first_started_at, failed_attempts, host }: NonNullable<StepTask['carried']>): Error {
  const known: StepTask['carried'] = {
    failures,
    first_started_at,
    ...defined({ failed_attempts }),
    ...(host && { host }),
  };
  return withoutStack(
    ApplicationFailure.create({
      type: 'WrongHost',
      message: `The step was started on another worker's host: ${host}`,
      nonRetryable: true,
      details: [known],
    }),
  );
}
