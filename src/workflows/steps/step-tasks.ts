import type { RunInput } from '../../contract/run-input.js';
import type { StepTask } from '../../contract/step-task.js';
import type { CarriedCounts } from '../../contract/carried-counts.js';
import { packColumn } from '../../contract/pack-columns.js';
import { unpackColumn } from '../../contract/read-columns.js';
import type { RunState, StepReport } from '../../engine/index.js';
import type { Step, StepAction } from '../../plan/model/plan.js';
import type { Json } from '../../plan/model/values.js';
import { conditionValues, expandStep, type ExpandedStep } from '../../plan/templates/expand-step.js';
import { outputsRead } from '../../plan/templates/outputs-read.js';
import { foreachItems } from '../../plan/templates/step-expressions.js';
import type { CheckedInput } from '../program/input.js';
import { onceForAll, runValues, type RunProgram } from '../program/program.js';
import { defined } from '../../basics/defined.js';

/** One element of a `foreach`. */
export interface Instance {
  item: Json;
  index: number;
}

/** What steps are with their templates filled in, and the tasks that are made of them. */
export class StepTasks {
  private readonly outputs: ReadonlyMap<string, ReadonlySet<string>>;
  /** Executions so far, by instance: a step that is tried again by hand goes on counting. */
  private readonly executed = new Map<string, number>();

  constructor(
    private readonly program: RunProgram & Pick<CheckedInput, 'carriedPlans'>,
    private readonly input: RunInput,
    /** The run's id, and the service's of its first execution where it has gone on from that. */
    private readonly run: { id: string; first_run_id?: string },
    private readonly stateOf: () => RunState,
  ) {
    // To look at each step again would take a good part of a replay of a large plan.
    const known = program.carriedPlans?.plan.reads?.map(([step, names]) => [step, new Set(names)] as const);
    this.outputs = known === undefined ? outputsRead(program.plan) : new Map(known);
    for (const [id, count] of countsOf(input.carried?.executed)) this.executed.set(id, count);
  }

  /** How often each step has run: of those that may run again. */
  carry(): CarriedCounts {
    return packedCounts(this.lasting(this.executed));
  }

  /** Of counts by steps, instances, or parts of them (`step~review`), those of steps that may run again. */
  lasting(counts: ReadonlyMap<string, number>): [string, number][] {
    const { index } = this.program.graph;
    const { steps } = this.stateOf();
    return [...counts].filter(([id]) => {
      const step = index.get(id) ?? index.get(id.replace(/(\[\d+\])?(~[^~]*)?$/, ''));
      return step === undefined || !['success', 'warning'].includes(steps[step]!.status);
    });
  }

  /** The outputs of a step that some expression of the plan reads. */
  wanted(index: number): readonly string[] {
    return [...(this.outputs.get(this.stepAt(index).id) ?? [])];
  }

  /** @throws Error where an expression of the step cannot be worked out. */
  expand(index: number, instance?: Instance): ExpandedStep {
    const { inputs, env } = this.input;
    const values = { ...runValues(this.program, this.stateOf(), this.run.id), ...instance };
    return expandStep(this.program.plan, this.stepAt(index), { inputs, env, values });
  }

  /** The list of a `foreach`. @throws Error where it cannot be worked out. */
  items(index: number): readonly Json[] {
    const step = this.stepAt(index);
    return foreachItems(step, () => {
      const { inputs, env } = this.input;
      const values = runValues(this.program, this.stateOf(), this.run.id);
      return conditionValues(this.program.plan, onceForAll(step), { inputs, env, values });
    });
  }

  /** The task of a step that is one execution after the other, and nothing else. */
  task(index: number, expanded: ExpandedStep, instance?: Instance): StepTask {
    const { action } = expanded;
    const id = instanceId(this.stepAt(index), instance);
    if (isNoTask(action)) throw new Error(`Internal error: a step of type ${action.type} has no task`);
    return { ...this.withoutAction(index, expanded, id, this.executions(id)), action };
  }

  /** Notes how often a step has run. */
  ran({ step_id, attempts_before = 0 }: StepTask, { attempts }: StepReport): void {
    this.executed.set(step_id, Math.max(attempts, attempts_before + 1));
  }

  /** How often a step, or an instance of one, has run so far. */
  executions(id: string): number {
    return this.executed.get(id) ?? 0;
  }

  withoutAction(
    index: number,
    { env, cwd, secrets }: ExpandedStep,
    stepId: string,
    attemptsBefore: number,
  ): Omit<StepTask, 'action'> {
    const { globals } = this.program.plan;
    const { base_dir } = this.input;
    const step = this.stepAt(index);
    return {
      run_id: this.run.id,
      ...defined({ first_run_id: this.run.first_run_id }),
      step_id: stepId,
      cwd: base_dir === undefined ? cwd : [base_dir, ...cwd],
      env,
      timeout_sec: step.timeout_sec,
      max_duration_sec: globals.max_step_duration_sec,
      grace_sec: step.grace_sec,
      retry: step.retry,
      max_lost: globals.max_lost,
      max_output_bytes: step.max_output_bytes,
      ...(step.run_once && { run_once: true }),
      ...(attemptsBefore > 0 && { attempts_before: attemptsBefore }),
      ...(Object.keys(step.secrets).length > 0 && { secrets: { sources: step.secrets, uses: secrets } }),
      ...(Object.keys(globals.env_aliases).length > 0 && { env_aliases: globals.env_aliases }),
      ...defined({ summary: step.summary }),
      success_exit_codes: step.success_exit_codes,
      warning_exit_codes: step.warning_exit_codes,
      outputs: this.wanted(index),
    };
  }

  private stepAt(index: number): Step {
    return this.program.plan.steps[index]!;
  }
}

type NoTask = Exclude<StepAction, StepTask['action']>;

function isNoTask(action: StepAction): action is NoTask {
  return ['noop', 'approval', 'wait', 'plan', 'agent'].includes(action.type);
}

/** Counts as they go along to a new history. */
export function packedCounts(counts: readonly [string, number][]): CarriedCounts {
  return { names: counts.map(([name]) => name), counts: packColumn(counts.map(([, count]) => count)) };
}

/** The counts that {@link packedCounts} was given. */
export function countsOf(packed: CarriedCounts | undefined): [string, number][] {
  if (packed === undefined) return [];
  const counts = unpackColumn(packed.counts) as number[];
  return packed.names.map((name, i) => [name, counts[i]!]);
}

/** The id of a step; that of an instance says which one it is. */
export function instanceId({ id }: Step, instance: Instance | undefined): string {
  return instance === undefined ? id : `${id}[${instance.index}]`;
}
