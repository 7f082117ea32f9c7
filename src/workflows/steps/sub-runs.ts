import { ParentClosePolicy, type ChildWorkflowOptions } from '@temporalio/workflow';
import type { CarriedCounts } from '../../contract/carried-counts.js';
import { ENGINE_VERSION, type RunInput } from '../../contract/run-input.js';
import { FORCE_CANCEL, RUN_PLAN } from '../../contract/run-messages.js';
import { workflowTaskTimeout } from '../../contract/task-timeout.js';
import { plain } from '../../contract/seal.js';
import type { RunState, StepReport } from '../../engine/index.js';
import { memoOf } from '../../plan/model/memo.js';
import type { Step } from '../../plan/model/plan.js';
import { retryDelaySec } from '../../plan/model/retry-policy.js';
import type { CheckedInput } from '../program/input.js';
import type { ChildRun, Temporal } from '../temporal/temporal.js';
import { countsOf, packedCounts } from './step-tasks.js';
import { SubRunInputs, type Prepared, type SubPlanCall } from './sub-run-input.js';
import { refused, reportOfFailure, reportOfResult } from './sub-run-report.js';
import { defined } from '../../basics/defined.js';

/** Characters of a workflow id that Temporal takes. */
const MAX_ID_LENGTH = 1000;
/** What one run may start in sub-plans: its history, which holds the input of each, is ended by force at 50 MB. */
const MAX_RUNS = { count: 4_000, bytes: 24 * 1024 * 1024 };

/** What sub-runs need of the run above them. */
export interface Above {
  checked: Pick<CheckedInput, 'plan' | 'subPlans'>;
  input: RunInput;
  stateOf: () => RunState;
  /** Waits until an input of that many bytes may leave. */
  room: (bytes: number) => Promise<void>;
  onStart: (index: number, runId: string) => void;
}

/** The runs of sub-plans below a run: child workflows, which Temporal ends with their parent whatever ends it. */
export class SubRuns {
  private readonly inputs: SubRunInputs;
  private readonly open = new Map<ChildRun, number>();
  private readonly tries = new Map<string, number>();
  private readonly used = { count: 0, bytes: 0 };

  constructor(
    private readonly temporal: Temporal,
    private readonly above: Above,
  ) {
    this.inputs = new SubRunInputs(above.checked.subPlans, above.input);
    for (const [id, count] of countsOf(above.input.carried?.sub_runs)) this.tries.set(id, count);
  }

  /** How many runs there were for each step: the next one needs a name of its own. */
  carry(): CarriedCounts {
    return packedCounts([...this.tries]);
  }

  /** Runs a plan to its end, with the step's retries. Never throws for an end that it can have. */
  async run(call: SubPlanCall): Promise<StepReport> {
    const { retry } = this.above.checked.plan.steps[call.index]!;
    const prepared = this.inputs.prepare(call);
    if ('report' in prepared) return prepared.report;
    let attempts = 0;
    for (let failed = 1; ; failed += 1) {
      const runId = this.nextId(call.stepId);
      const limit = this.limitReached(runId, prepared.bytes);
      if (limit !== undefined) return { ...refused('sub_plan_failed', limit).report, attempts };
      const report = await this.runOnce(call, prepared, runId);
      attempts += report.attempts;
      if (report.status !== 'failed' || failed > retry.retries) return { ...report, attempts };
      try {
        const delay = retryDelaySec(retry, failed) * 1000;
        if (delay > 0) await this.temporal.sleep(delay);
      } catch {
        return { ...report, status: 'canceled', attempts };
      }
    }
  }

  /** Hands a cancel that is forced on to the runs of a step, or of all. */
  force(index?: number): void {
    for (const [run, step] of this.open) if (index === undefined || step === index) this.forceIfDue(step, run);
  }

  private async runOnce(call: SubPlanCall, child: Prepared, runId: string): Promise<StepReport> {
    let run: ChildRun | undefined;
    try {
      await this.above.room(child.bytes);
      run = await this.temporal.startRun(RUN_PLAN, { ...this.optionsOf(call, runId, child), args: [child.input] });
      this.open.set(run, call.index);
      this.above.onStart(call.index, runId);
      this.forceIfDue(call.index, run);
      return reportOfResult(runId, await run.result(), call.wanted);
    } catch (error) {
      const report = reportOfFailure(runId, error, call.wanted);
      return run === undefined ? { ...report, attempts: 0 } : report;
    } finally {
      if (run !== undefined) this.open.delete(run);
    }
  }

  /** A further try has an id of its own: the run before it is what somebody will want to look at. */
  private nextId(stepId: string): string {
    const tried = (this.tries.get(stepId) ?? 0) + 1;
    this.tries.set(stepId, tried);
    return `${this.temporal.info().workflowId}.${stepId}${tried === 1 ? '' : `~${tried}`}`;
  }

  private optionsOf({ index }: SubPlanCall, runId: string, { plan }: Prepared): ChildWorkflowOptions {
    const step: Step = this.above.checked.plan.steps[index]!;
    const { workflowId, memo } = this.temporal.info();
    const { project, tags } = plan.metadata;
    const startedBy = plain(memo?.['started_by']);
    return {
      workflowId: runId,
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowTaskTimeout: workflowTaskTimeout(plan),
      staticSummary: (plan.description ?? plan.plan_id).slice(0, 200),
      staticDetails: `Plan \`${plan.plan_id}\`, run by step \`${step.id}\` of \`${workflowId}\``,
      memo: {
        plan: plan.plan_id,
        parent_run_id: workflowId,
        engine_version: ENGINE_VERSION,
        ...defined({ started_by: startedBy }),
        ...memoOf({ project, tags }),
      },
      ...defined({ taskQueue: step.queue }),
    };
  }

  private limitReached(runId: string, bytes: number): string | undefined {
    const { used } = this;
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
  private forceIfDue(index: number, run: ChildRun): void {
    const state = this.above.stateOf();
    const { stopping } = state.steps[index]!;
    const outOfTime = this.above.checked.plan.steps[index]!.finally && stopping === 'run_timeout';
    if (stopping === undefined || !(state.forced || outOfTime)) return;
    void this.temporal.shielded(() => run.signal(FORCE_CANCEL)).catch(() => undefined); // it has ended
  }
}
