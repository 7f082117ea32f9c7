import {
  CancellationScope,
  ParentClosePolicy,
  sleep,
  startChild,
  workflowInfo,
  type ChildWorkflowHandle,
  type ChildWorkflowOptions,
} from '@temporalio/workflow';
import { ENGINE_VERSION, type RunInput } from '../../contract/run-input.js';
import type { RunState, StepReport } from '../../engine/index.js';
import type { Json } from '../../plan/model/values.js';
import { resolveSubPlanInputs } from '../../plan/templates/inputs.js';
import { resolvePlanPath } from '../../plan/files/plan-path.js';
import { plansBelow } from '../../plan/files/check-set.js';
import { memoOf } from '../../plan/model/memo.js';
import { retryDelaySec } from '../../plan/model/retry-policy.js';
import type { Plan, PlanAction, Step } from '../../plan/model/plan.js';
import type { CheckedInput } from '../program/input.js';
import { FORCE_CANCEL, RUN_PLAN, type RunResult } from '../../contract/run-messages.js';
import { plain } from '../../contract/seal.js';
import { reportOfFailure, reportOfResult } from './sub-run-report.js';

/** Bytes of the inputs that a step gives to a plan: they travel in the histories of both runs. */
const MAX_INPUT_BYTES = 128 * 1024;
/** Characters of a workflow id that Temporal takes. */
const MAX_ID_LENGTH = 1000;
/** What one run may start in sub-plans: its history, which holds the input of each, is ended by force at 50 MB. */
const MAX_RUNS = { count: 4_000, bytes: 24 * 1024 * 1024 };

/** One execution of a step that runs a plan. */
interface SubPlanCall {
  index: number;
  /** The step's id; that of an instance says which one it is. */
  stepId: string;
  /** With its templates filled in. */
  action: PlanAction;
  /** The environment that the step itself names: the sub-plan takes it along. */
  env: Readonly<Record<string, string>>;
  /** Names of all locks that are held while it runs. */
  locks: readonly string[];
  /** Names of the outputs that some expression reads. */
  wanted: readonly string[];
}

/** The runs of sub-plans below a run. */
export interface SubRuns {
  /** Runs a plan to its end, with the step's retries. Never throws for an end that it can have. */
  run(call: SubPlanCall): Promise<StepReport>;
  /** Hands a cancel that is forced on to the runs of a step, or of all. */
  force(index?: number): void;
}

type RunPlan = (input: RunInput) => Promise<RunResult>;
type Handle = ChildWorkflowHandle<RunPlan>;

/** What sub-runs need of the run above them. */
export interface Above {
  checked: Pick<CheckedInput, 'plan' | 'subPlans'>;
  input: RunInput;
  state: () => RunState;
  /** Waits until an input of that many bytes may leave. */
  room: (bytes: number) => Promise<void>;
  onStart: (index: number, runId: string) => void;
}

/** Runs sub-plans as child workflows, which Temporal ends with their parent whatever ends it. */
export function createSubRuns({ checked, input, state, room, onStart }: Above): SubRuns {
  const { workflowId, memo } = workflowInfo();
  const open = new Map<Handle, number>();
  const tries = new Map<string, number>();
  const sources = Object.fromEntries(Object.entries(input.plans ?? {}).map(([path, { plan }]) => [path, plan]));
  const used = { count: 0, bytes: 0 };

  return {
    async run(call) {
      const step = checked.plan.steps[call.index]!;
      const prepared = prepare(call);
      if ('report' in prepared) return prepared.report;
      let attempts = 0;
      for (let failed = 1; ; failed += 1) {
        const runId = nextId(call.stepId);
        const limit = limitReached(runId, prepared.bytes);
        if (limit !== undefined) return { ...refused('sub_plan_failed', limit).report, attempts };
        const report = await runOnce(step, call, prepared, runId);
        attempts += report.attempts;
        if (report.status !== 'failed' || failed > step.retry.retries) return { ...report, attempts };
        try {
          const delay = retryDelaySec(step.retry, failed) * 1000;
          if (delay > 0) await sleep(delay);
        } catch {
          return { ...report, status: 'canceled', attempts };
        }
      }
    },
    force(index) {
      for (const [handle, step] of open) if (index === undefined || step === index) forceIfDue(step, handle);
    },
  };

  interface Prepared {
    plan: Plan;
    input: RunInput;
    bytes: number;
  }

  function prepare({ action, env, locks }: SubPlanCall): Prepared | { report: StepReport } {
    const path = resolvePlanPath(input.plan_path ?? '', action.plan);
    const plan = checked.subPlans.get(path)!;
    const inputs = resolveSubPlanInputs(action, plan.inputs, action.inputs);
    if (!inputs.ok) return refused('input_invalid', inputs.error.map((each) => each.message).join('; '));
    const size = JSON.stringify(inputs.value).length;
    if (size > MAX_INPUT_BYTES) {
      const message = `the inputs have ${size} characters, more than ${MAX_INPUT_BYTES}; pass large data as a file`;
      return refused('input_invalid', message);
    }
    const child = inputOf(path, inputs.value, env, locks);
    return { plan, input: child, bytes: JSON.stringify(child).length };
  }

  function inputOf(
    path: string,
    inputs: Record<string, Json>,
    env: Readonly<Record<string, string>>,
    locks: readonly string[],
  ): RunInput {
    const { plan, digest } = input.plans![path]!;
    const below = Object.keys(plansBelow({ source: plan, path, plans: sources }));
    return {
      engine_version: ENGINE_VERSION,
      plan,
      digest,
      ...(below.length === 0
        ? {}
        : { plan_path: path, plans: Object.fromEntries(below.map((name) => [name, input.plans![name]!])) }),
      inputs,
      env: { ...input.env, ...env },
      ...(input.base_dir === undefined ? {} : { base_dir: input.base_dir }),
      ...(input.agents === undefined ? {} : { agents: input.agents }),
      ...(locks.length === 0 ? {} : { held_locks: [...locks] }),
    };
  }

  /** A further try has an id of its own: the run before it is what somebody will want to look at. */
  function nextId(stepId: string): string {
    const tried = (tries.get(stepId) ?? 0) + 1;
    tries.set(stepId, tried);
    return `${workflowId}.${stepId}${tried === 1 ? '' : `~${tried}`}`;
  }

  async function runOnce(step: Step, call: SubPlanCall, child: Prepared, runId: string): Promise<StepReport> {
    let handle: Handle | undefined;
    try {
      await room(child.bytes);
      handle = await startChild<RunPlan>(RUN_PLAN, { ...optionsOf(step, runId, child), args: [child.input] });
      open.set(handle, call.index);
      onStart(call.index, runId);
      forceIfDue(call.index, handle);
      return reportOfResult(runId, await handle.result(), call.wanted);
    } catch (error) {
      const report = reportOfFailure(runId, error, call.wanted);
      return handle === undefined ? { ...report, attempts: 0 } : report;
    } finally {
      if (handle !== undefined) open.delete(handle);
    }
  }

  function optionsOf(step: Step, runId: string, { plan }: Prepared): ChildWorkflowOptions {
    const { project, tags } = plan.metadata;
    const startedBy = plain(memo?.['started_by']);
    return {
      workflowId: runId,
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: (plan.description ?? plan.plan_id).slice(0, 200),
      staticDetails: `Plan \`${plan.plan_id}\`, run by step \`${step.id}\` of \`${workflowId}\``,
      memo: {
        plan: plan.plan_id,
        parent_run_id: workflowId,
        engine_version: ENGINE_VERSION,
        ...(startedBy === undefined ? {} : { started_by: startedBy }),
        ...memoOf({ project, tags }),
      },
      ...(step.queue === undefined ? {} : { taskQueue: step.queue }),
    };
  }

  function limitReached(runId: string, bytes: number): string | undefined {
    if (runId.length > MAX_ID_LENGTH) {
      return `the id of its run would have ${runId.length} characters; Temporal allows ${MAX_ID_LENGTH}`;
    }
    if (used.count >= MAX_RUNS.count || used.bytes + bytes > MAX_RUNS.bytes) {
      return `this run has started ${used.count} sub-plans, and its history holds no more; let one sub-plan do the work of several`;
    }
    used.count += 1;
    used.bytes += bytes;
    return undefined;
  }

  /** A cancel alone lets the `finally` steps of a sub-plan run. */
  function forceIfDue(index: number, handle: Handle): void {
    const { stopping } = state().steps[index]!;
    const outOfTime = checked.plan.steps[index]!.finally && stopping === 'run_timeout';
    if (stopping === undefined || !(state().forced || outOfTime)) return;
    void CancellationScope.nonCancellable(() => handle.signal(FORCE_CANCEL)).catch(() => undefined); // it has ended
  }
}

function refused(reason: 'input_invalid' | 'sub_plan_failed', message: string): { report: StepReport } {
  const name = reason === 'input_invalid' ? 'InputError' : 'SubPlanError';
  return { report: { status: 'failed', reason, message: `${name}: ${message}`, attempts: 0 } };
}
