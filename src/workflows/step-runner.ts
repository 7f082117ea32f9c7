import { CancellationScope, sleep, workflowInfo } from '@temporalio/workflow';
import type { StepTask } from '../activities/types.js';
import type { StepReport } from '../engine/index.js';
import { expandStep } from '../plan/templates.js';
import type { Plan } from '../plan/types.js';
import type { RunInput } from './input.js';
import { runStep } from './run-step.js';

/**
 * Bytes of activity inputs that may leave in one workflow task. gRPC refuses a task's answer above 4 MB, and such a
 * task is tried again for ever.
 */
const MAX_TASK_BYTES = 1024 * 1024;

export interface StepRunner {
  start(step: number): void;
  stop(step: number): void;
}

/** Runs steps as activities; `onEnd` is called once for each step that was started. */
export function createStepRunner(
  plan: Plan,
  input: RunInput,
  onEnd: (step: number, report: StepReport) => void,
): StepRunner {
  // A parent of its own: whoever starts a step (an update, say), only `stop` cancels it.
  const parent = new CancellationScope({ cancellable: false });
  const scopes = new Map<number, CancellationScope>();
  const budget = createTaskBudget();

  return {
    start(index) {
      const scope = new CancellationScope({ cancellable: true, parent });
      scopes.set(index, scope);
      void runToEnd(scope, index);
    },
    stop(index) {
      scopes.get(index)?.cancel();
    },
  };

  async function runToEnd(scope: CancellationScope, index: number): Promise<void> {
    const report = await scope.run(() => execute(index));
    scopes.delete(index);
    onEnd(index, report);
  }

  async function execute(index: number): Promise<StepReport> {
    const step = plan.steps[index]!;
    const task = stepTask(plan, index, input);
    try {
      await budget.take(JSON.stringify(task).length);
    } catch {
      return { status: 'canceled', attempts: 0 }; // stopped while it waited for its turn
    }
    return runStep(step, task);
  }
}

function stepTask(plan: Plan, index: number, input: RunInput): StepTask {
  const step = plan.steps[index]!;
  const { action, env, cwd } = expandStep(plan, step, { inputs: input.inputs, env: input.env });
  if (action.type === 'noop') throw new Error('Internal error: a noop is not executed');
  return {
    run_id: workflowInfo().workflowId,
    step_id: step.id,
    action,
    cwd: input.base_dir === undefined ? cwd : [input.base_dir, ...cwd],
    env,
    timeout_sec: step.timeout_sec,
    grace_sec: step.grace_sec,
    retry: step.retry,
    max_lost: plan.globals.max_lost,
    success_exit_codes: step.success_exit_codes,
    warning_exit_codes: step.warning_exit_codes,
  };
}

/** Spreads starts over several workflow tasks where their inputs are too large for one. */
function createTaskBudget(): { take(bytes: number): Promise<void> } {
  let task = -1;
  let used = 0;
  return {
    async take(bytes) {
      for (;;) {
        const current = workflowInfo().historyLength; // the same for all of one workflow task, also on replay
        if (current !== task) {
          task = current;
          used = 0;
        }
        if (used === 0 || used + bytes <= MAX_TASK_BYTES) {
          used += bytes;
          return;
        }
        await sleep(1);
      }
    },
  };
}
