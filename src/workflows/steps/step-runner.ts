import { CancellationScope, isCancellation, sleep, workflowInfo } from '@temporalio/workflow';
import type { RunInput } from '../../contract/run-input.js';
import type { StepTask } from '../../contract/step-task.js';
import type { EngineEvent, RunState, Said, StepReport } from '../../engine/index.js';
import type { ExpressionValues } from '../../plan/expressions/index.js';
import type { AgentAction } from '../../plan/model/agent.js';
import { agentSettingsOf } from '../../plan/check/agent-names.js';
import type { Json } from '../../plan/model/values.js';
import { outputsRead } from '../../plan/templates/outputs-read.js';
import { sharedEnv } from '../../plan/templates/shared-env.js';
import { foreachItems } from '../../plan/templates/step-expressions.js';
import { conditionValues, expandStep, type ExpandedStep } from '../../plan/templates/expand-step.js';
import type { Step, StepAction } from '../../plan/model/plan.js';
import { runAgentStep } from '../agent-step/run-agent-step.js';
import type { AgentStepContext } from '../agent-step/context.js';
import { earlierWork } from '../agent-step/earlier-work.js';
import { createLedger } from '../agent-step/ledger.js';
import { createParkedSteps, instanceParking } from '../agent-step/parking.js';
import { causeOf } from '../record/cause.js';
import { createSlots, inSlot, runInstances } from './foreach.js';
import { holdingLocks } from './hold-locks.js';
import { longestGrace, type CheckedInput } from '../program/input.js';
import { createPacing } from '../program/pacing.js';
import { onceForAll, runValues, type RunProgram } from '../program/program.js';
import { runStep, withoutShared } from './run-step.js';
import { createSubRuns } from './sub-runs.js';

/**
 * Bytes of activity inputs that may leave in one workflow task. gRPC refuses a task's answer above 4 MB, and such a
 * task is tried again for ever.
 */
const MAX_TASK_BYTES = 1024 * 1024;

/** Bytes of the outputs that the instances of a `foreach` have together: an answer of 2 MB has to hold them. */
const MAX_LIST_BYTES = 1024 * 1024;

/** One element of a `foreach`. */
interface Instance {
  item: Json;
  index: number;
}

export interface StepRunner {
  start(step: number): void;
  stop(step: number): void;
  /** A parked step has a slot again. */
  proceed(step: number): void;
  /** Hands what a person said to a parked step on to it. */
  tell(step: number, said: Said): void;
  /** Hands a forced cancel on to what is being stopped. */
  force(): void;
}

/** What a runner has to do with the run that it belongs to. */
export interface StepRunnerOptions {
  /** Names of the locks that the run, or one above it, holds anyway. */
  heldLocks: readonly string[];
  /** All that it starts runs below this scope. */
  parent: CancellationScope;
  stateOf: () => RunState;
  /** Hears of each step that was started how it ended, and of locks. */
  apply: (event: EngineEvent) => void;
  /** Hears at the start of each instance of a `foreach`, and then its report. */
  onInstance: (step: number, instance: number, report?: StepReport) => void;
}

/** Runs steps as activities. */
export function createStepRunner(
  program: RunProgram & Pick<CheckedInput, 'subPlans'>,
  input: RunInput,
  { heldLocks, parent, stateOf, apply, onInstance }: StepRunnerOptions,
): StepRunner {
  const { plan } = program;
  const scopes = new Map<number, CancellationScope>();
  const outputs = outputsRead(plan);
  // Runs of before have it in each task, and wait for room by the sizes of those.
  const shared = input.engine_version >= 2 ? sharedEnv(input) : undefined;
  const budget = createTaskBudget();
  const pacing = createPacing(program.allowance, parent);
  const slots = createSlots(plan.globals.max_concurrency);
  // The engine counts steps, of which one may have many instances: together they keep to `max_concurrency` here.
  const sharing = plan.steps.some((step) => step.foreach !== undefined);
  const { workflowId } = workflowInfo();
  /** Executions so far, by instance: a step that is tried again by hand goes on counting. */
  const executed = new Map<string, number>();
  const subRuns = createSubRuns({
    checked: program,
    input,
    state: stateOf,
    room: (bytes) => budget.take(bytes),
    onStart: (step, run_id) => apply({ type: 'sub-run-started', step, run_id, at: Date.now() }),
  });
  const parked = createParkedSteps({
    parked: (step, park) => apply({ type: 'step-parked', step, park, at: Date.now() }),
    unparked: (step) => apply({ type: 'step-unparked', step, at: Date.now() }),
  });
  const runLedger = createLedger(plan.globals.budget);
  const logNumbers = new Map<string, number>();
  let lockings = 0;

  return {
    start(index) {
      const scope = new CancellationScope({ cancellable: true, parent });
      scopes.set(index, scope);
      void runToEnd(scope, index);
    },
    stop(index) {
      scopes.get(index)?.cancel();
      subRuns.force(index);
    },
    proceed: (index) => parked.go(index),
    tell: (index, said) => parked.tell(index, said),
    force() {
      subRuns.force();
    },
  };

  async function runToEnd(scope: CancellationScope, index: number): Promise<void> {
    const report = await scope.run(() => execute(index));
    scopes.delete(index);
    apply({ type: 'step-ended', step: index, report, at: Date.now() });
  }

  async function execute(index: number): Promise<StepReport> {
    const step = plan.steps[index]!;
    if (step.foreach === undefined) return sharing ? inSlot(slots, () => executeOne(index)) : executeOne(index);
    const wanted = [...(outputs.get(step.id) ?? [])];
    let items: readonly Json[];
    try {
      const list = (): readonly Json[] => foreachItems(step, () => valuesFor(index));
      items = pacing.busy ? await pacing.later(list) : list();
    } catch (error) {
      if (isCancellation(error)) return { status: 'canceled', attempts: 0 };
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return { status: 'failed', reason: 'expression_error', message, attempts: 0 };
    }
    const limits = {
      limit: step.max_parallel ?? items.length,
      ...(input.engine_version >= 2 && { maxOutputBytes: MAX_LIST_BYTES }),
    };
    return runInstances(items, { id: step.id, ...limits, slots, wanted }, (item, i) =>
      executeInstance(index, { item, index: i }),
    );
  }

  async function executeInstance(index: number, instance: Instance): Promise<StepReport> {
    onInstance(index, instance.index);
    const report = await executeOne(index, instance);
    onInstance(index, instance.index, report);
    return report;
  }

  function valuesFor(index: number): ExpressionValues {
    const values = runValues(program, stateOf(), workflowId);
    return conditionValues(plan, onceForAll(plan.steps[index]!), { inputs: input.inputs, env: input.env, values });
  }

  async function executeOne(index: number, instance?: Instance): Promise<StepReport> {
    let execution: () => Promise<StepReport>;
    let locks: readonly string[];
    try {
      const expanded = pacing.busy ? await pacing.later(() => expand(index, instance)) : expand(index, instance);
      // What the run holds already its steps need not take; they would wait for their own run.
      locks = expanded.locks.filter((name) => !heldLocks.includes(name));
      execution = executionOf(index, expanded, instance);
    } catch (error) {
      if (isCancellation(error)) return { status: 'canceled', attempts: 0 };
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return { status: 'failed', reason: 'expression_error', message, attempts: 0 };
    }
    return locks.length === 0 ? execution() : runUnderLocks(index, instance, execution, locks);
  }

  function executionOf(index: number, expanded: ExpandedStep, instance?: Instance): () => Promise<StepReport> {
    const { action, env, locks } = expanded;
    const step = plan.steps[index]!;
    if (action.type === 'agent') return () => runAgentStep(agentContext(index, action, expanded, instance));
    if (action.type !== 'plan') {
      const task = stepTask(index, expanded, instance);
      return () => runTask(index, task);
    }
    const call = {
      index,
      stepId: instanceId(step, instance),
      action,
      env: Object.fromEntries(Object.keys(step.env).map((name) => [name, env[name]!])),
      locks: [...new Set([...heldLocks, ...locks])],
      wanted: [...(outputs.get(step.id) ?? [])],
    };
    return () => subRuns.run(call);
  }

  /** Locks are taken with a slot in hand, so that a holder always has one: the other order could block a run. */
  async function runUnderLocks(
    index: number,
    instance: Instance | undefined,
    execution: () => Promise<StepReport>,
    names: readonly string[],
  ): Promise<StepReport> {
    const step = plan.steps[index]!;
    lockings += 1;
    const wish = {
      names,
      number: lockings,
      step_id: instanceId(step, instance),
      grace_sec: step.action.type === 'plan' ? longestGrace(program) : step.grace_sec,
      onWait: (name: string, holder: string) =>
        apply({ type: 'lock-waited', step: index, name, holder, at: Date.now() }),
      onHeld: () => apply({ type: 'locks-held', step: index, at: Date.now() }),
      mayGo: () => !stateOf().paused && stateOf().held.length === 0,
    };
    try {
      return await holdingLocks(wish, execution);
    } catch (error) {
      if (isCancellation(error)) return { status: 'canceled', attempts: 0 };
      return { status: 'failed', reason: 'internal_error', message: String(causeOf(error)), attempts: 0 };
    }
  }

  async function runTask(index: number, task: StepTask): Promise<StepReport> {
    try {
      await budget.take(JSON.stringify(withoutShared(task, shared)).length);
    } catch {
      return { status: 'canceled', attempts: 0 }; // stopped while it waited for its turn
    }
    const maxDuration = plan.globals.max_step_duration_sec;
    const report = await runStep(plan.steps[index]!, maxDuration, task, input.engine_version, shared);
    executed.set(task.step_id, Math.max(report.attempts, (task.attempts_before ?? 0) + 1));
    return report;
  }

  function stepTask(index: number, expanded: ExpandedStep, instance?: Instance): StepTask {
    const { action } = expanded;
    const step = plan.steps[index]!;
    const attemptsBefore = executed.get(instanceId(step, instance)) ?? 0;
    if (isNoTask(action)) throw new Error(`Internal error: a step of type ${action.type} is not a task`);
    return { ...taskOf(index, expanded, instanceId(step, instance), attemptsBefore), action };
  }

  function taskOf(
    index: number,
    { env, cwd, secrets }: ExpandedStep,
    stepId: string,
    attemptsBefore: number,
  ): Omit<StepTask, 'action'> {
    const step = plan.steps[index]!;
    return {
      run_id: workflowId,
      step_id: stepId,
      cwd: input.base_dir === undefined ? cwd : [input.base_dir, ...cwd],
      env,
      timeout_sec: step.timeout_sec,
      max_duration_sec: plan.globals.max_step_duration_sec,
      grace_sec: step.grace_sec,
      retry: step.retry,
      max_lost: plan.globals.max_lost,
      max_output_bytes: step.max_output_bytes,
      ...(step.run_once && { run_once: true }),
      ...(attemptsBefore > 0 && { attempts_before: attemptsBefore }),
      ...(Object.keys(step.secrets).length > 0 && { secrets: { sources: step.secrets, uses: secrets } }),
      ...(Object.keys(plan.globals.env_aliases).length > 0 && { env_aliases: plan.globals.env_aliases }),
      ...(step.summary !== undefined && { summary: step.summary }),
      success_exit_codes: step.success_exit_codes,
      warning_exit_codes: step.warning_exit_codes,
      outputs: [...(outputs.get(step.id) ?? [])],
    };
  }

  function agentContext(
    index: number,
    action: AgentAction,
    expanded: ExpandedStep,
    instance: Instance | undefined,
  ): AgentStepContext {
    const step = plan.steps[index]!;
    const id = instanceId(step, instance);
    const attemptsBefore = executed.get(id) ?? 0;
    const { runId } = workflowInfo();
    return {
      step,
      id,
      action,
      settings: (name) => agentSettingsOf(name, plan, input.agents) ?? {},
      ...earlierWork(program, stateOf(), index, action),
      task: (stepId, before) => ({
        ...taskOf(index, expanded, stepId, before),
        // Each turn is one execution: what comes after it is decided here, where sessions and quotas are known.
        retry: { retries: 0, delay_sec: 0, backoff: 'constant', no_retry_exit_codes: [] },
      }),
      async execute(piece, task) {
        await budget.take(JSON.stringify(withoutShared(task, shared)).length).catch(() => {});
        return runStep(piece, plan.globals.max_step_duration_sec, task, input.engine_version, shared);
      },
      parking: instance === undefined ? parked.parkingOf(index) : instanceParking(),
      warn: (message) => apply({ type: 'step-warned', step: index, message, at: Date.now() }),
      runLedger,
      accountKey: `${runId}/${id}`,
      attempts: { count: attemptsBefore, failed: [] },
      attemptsBefore,
      numbers: logNumbers,
      maxLost: plan.globals.max_lost,
      wanted: [...(outputs.get(step.id) ?? [])],
    };
  }

  function expand(index: number, instance?: Instance): ExpandedStep {
    const values = { ...runValues(program, stateOf(), workflowId), ...instance };
    return expandStep(plan, plan.steps[index]!, { inputs: input.inputs, env: input.env, values });
  }
}

type NoTask = Exclude<StepAction, StepTask['action']>;

function isNoTask(action: StepAction): action is NoTask {
  return ['noop', 'approval', 'wait', 'plan', 'agent'].includes(action.type);
}

function instanceId({ id }: Step, instance: Instance | undefined): string {
  return instance === undefined ? id : `${id}[${instance.index}]`;
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
