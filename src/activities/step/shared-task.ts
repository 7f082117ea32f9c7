import { ApplicationFailure, Context } from '@temporalio/activity';
import { inputToEnv } from '../../plan/templates/inputs.js';
import { sharedEnv, unexported, type EnvSource, type SharedEnv } from '../../plan/templates/shared-env.js';
import type { RunStarts } from '../../temporal/run-starts.js';
import { executionOf } from './execution-info.js';
import type { SharedTask, StepHeartbeat, StepTask } from '../../contract/step-task.js';
import { withoutStack } from '../../basics/without-stack.js';

/** What the steps of a run have in common. */
export interface RunStart {
  shared: SharedEnv;
  /** Names of inputs that are too large for an environment. */
  unexported: readonly string[];
}

/** Makes it of what the run was started with. */
export function readRunStart(input: unknown): RunStart {
  const source = input as EnvSource;
  const shared = sharedEnv(source);
  // An entry of globals.env may have taken an input's place.
  const own = unexported(source).filter((name) => shared.env[name] === inputToEnv(source.inputs[name]!));
  return { shared, unexported: own };
}

/**
 * Completes a task with the environment that all steps of its run share.
 *
 * @throws ApplicationFailure `EnvironmentUnavailable`, to be tried again: no step runs with less than it was promised.
 */
export async function completeTask(starts: RunStarts<RunStart>, given: StepTask | SharedTask): Promise<StepTask> {
  if (!('task' in given)) return given;
  const { task, shared: mark } = given;
  const { workflowId: run_id, runId: temporal_run_id } = executionOf(Context.current());
  let start: RunStart;
  try {
    start = await starts.of({ run_id, temporal_run_id });
  } catch (error) {
    throw unavailable(task, `what the run was started with is not available: ${String(error)}`);
  }
  if (start.shared.mark !== mark) {
    throw unavailable(
      task,
      'this worker reads it differently from the one that scheduled the step: their versions differ',
    );
  }
  const env: Record<string, string> = { ...start.shared.env };
  for (const name of start.unexported) delete env[name];
  const left = start.unexported.filter((name) => !Object.hasOwn(task.env, name));
  refuseMentions(task, left);
  return { ...task, env: { ...env, ...task.env } };
}

/** Without the variable a script would find nothing to do, and call that success. */
function refuseMentions({ action }: StepTask, names: readonly string[]): void {
  if (names.length === 0 || action.type === 'http' || action.type === 'agent') return;
  const text = JSON.stringify(action);
  const name = names.find((each) =>
    new RegExp(`(\\$\\{?|\\$\\{?env:|printenv )${each}(?![A-Za-z0-9_])`, 'i').test(text),
  );
  if (name === undefined) return;
  throw withoutStack(
    ApplicationFailure.create({
      type: 'StepFailed',
      nonRetryable: true,
      message: `the input '${name}' is too large for an environment variable, and the step names it; pass it on stdin (\${{ inputs.${name} }}), or as a file`,
      details: [{ reason: 'spawn_failed', attempts: 1 }],
    }),
  );
}

/** The attempt is no lost worker: it says that it let go. */
function unavailable(task: StepTask, why: string): Error {
  const context = Context.current();
  const before = (context.info.heartbeatDetails as StepHeartbeat | undefined) ?? task.carried;
  const known: StepHeartbeat = { failures: 0, first_started_at: Date.now(), ...before };
  context.heartbeat({ ...known, detached: (known.detached ?? 0) + 1 } satisfies StepHeartbeat);
  return withoutStack(
    ApplicationFailure.create({
      type: 'EnvironmentUnavailable',
      message: `The step's environment is not available: ${why}`,
    }),
  );
}
