import { isCancellation } from '@temporalio/workflow';
import type { CarriedList, CarriedRun } from '../../contract/carried-run.js';
import type { ItemCounts } from '../../contract/run-messages.js';
import type { RunInput } from '../../contract/run-input.js';
import type { StepTask } from '../../contract/step-task.js';
import type { EngineEvent, RunState, PersonsAnswer, StepReport } from '../../engine/index.js';
import type { Plan, PlanAction, Step } from '../../plan/model/plan.js';
import type { Json } from '../../plan/model/values.js';
import type { ExpandedStep } from '../../plan/templates/expand-step.js';
import { sharedEnv } from '../../plan/templates/shared-env.js';
import type { CheckedInput } from '../program/input.js';
import { createPacing, type Pacing } from '../program/pacing.js';
import type { RunProgram } from '../program/program.js';
import type { Scope, Temporal } from '../temporal/temporal.js';
import { AgentSteps, type AgentFlight } from './agent-steps.js';
import { itemLabel } from '../../plan/templates/item-label.js';
import { runInstances } from './foreach.js';
import { InFlight } from './in-flight.js';
import {
  carriedList,
  countItems,
  listProgress,
  type ListProgress,
  reusedItems,
  wentWell,
  type FailedList,
} from './lists.js';
import { LockedSteps } from './locked-steps.js';
import { StepActivities } from './run-step.js';
import { Slots } from './slots.js';
import { instanceId, StepTasks, type Instance } from './step-tasks.js';
import { SubRuns } from './sub-runs.js';
import { TaskBudget } from './task-budget.js';

/** Bytes of the outputs that the instances of a `foreach` have together: an answer of 2 MB has to hold them. */
const MAX_LIST_BYTES = 1024 * 1024;

/** Instances of one step. Runs of before were not to have more than one history holds. */
const MAX_ITEMS = { one: 10_000, several: 20_000 };

/** What a runner has to do with the run that it belongs to. */
export interface StepRunnerOptions {
  /** Names of the locks that the run, or one above it, holds anyway. */
  heldLocks: readonly string[];
  /** All that it starts runs below this scope. */
  parent: Scope;
  stateOf: () => RunState;
  /** Hears of each step that was started how it ended, and of its locks. */
  apply: (event: EngineEvent) => void;
  /** Hears the item of each instance of a `foreach` at its start, and then its report; of one that is taken over both. */
  onInstance: (step: number, instance: number, news: { item?: string; report?: StepReport }) => void;
  /** Whether a further instance may start; asked before each. */
  mayStart: () => boolean;
  /** Whether an agent may begin another turn or gate; asked before each. */
  mayGoOn: () => boolean;
}

/** Carries the steps of a run out that the engine starts: as activities, by agents, as sub-runs. */
export class StepRunner {
  private readonly plan: Plan;
  private readonly scopes = new Map<number, Scope>();
  private readonly tasks: StepTasks;
  private readonly activities: StepActivities;
  private readonly agents: AgentSteps;
  private readonly subRuns: SubRuns;
  private readonly locked: LockedSteps;
  private readonly budget: TaskBudget;
  private readonly pacing: Pacing;
  private readonly slots: Slots;
  /** The engine counts steps, of which one may have many instances: together they keep to `max_concurrency` here. */
  private readonly sharing: boolean;
  private readonly lists = new Map<number, ListProgress>();
  private readonly carriedLists: Map<number, CarriedList>;
  /** Lists of this history that did not go well, in case they are tried again by hand. */
  private readonly failedLists = new Map<number, FailedList>();
  /** What is under way. */
  readonly inFlight: InFlight;

  constructor(
    private readonly temporal: Temporal,
    program: RunProgram & Pick<CheckedInput, 'subPlans' | 'carriedPlans'>,
    private readonly input: RunInput,
    private readonly options: StepRunnerOptions,
  ) {
    const { stateOf, apply, parent } = options;
    const { plan } = program;
    const { engine_version: version } = input;
    const { carried } = input;
    this.plan = plan;
    this.inFlight = new InFlight(carried);
    this.carriedLists = new Map(carried?.lists);
    this.budget = new TaskBudget(temporal);
    this.pacing = createPacing(temporal, program.allowance, parent);
    this.slots = new Slots(temporal, plan.globals.max_concurrency);
    this.sharing = plan.steps.some((step) => step.foreach !== undefined);
    this.locked = new LockedSteps(temporal, {
      program,
      inFlight: this.inFlight,
      stateOf,
      apply,
      lockings: carried?.lockings ?? 0,
    });
    this.tasks = new StepTasks(program, input, runOf(temporal), stateOf);
    this.activities = new StepActivities(temporal, {
      version,
      maxDuration: plan.globals.max_step_duration_sec,
      // Runs of before have it in each task, and wait for room by the sizes of those.
      shared: version >= 2 ? sharedEnv(input) : undefined,
    });
    this.agents = new AgentSteps(temporal, {
      program,
      input,
      tasks: this.tasks,
      stateOf,
      apply,
      execute: (step, task, flight) => this.runPiece(step, task, flight),
      landed: ({ step_id }) => this.inFlight.landed(step_id),
    });
    this.subRuns = new SubRuns(temporal, {
      checked: program,
      input,
      stateOf,
      room: (bytes) => this.budget.take(bytes),
      onStart: (step, run_id) => apply({ type: 'sub-run-started', step, run_id, at: Date.now() }),
    });
  }

  start(index: number): void {
    const scope = this.temporal.scope(this.options.parent);
    this.scopes.set(index, scope);
    void this.runToEnd(scope, index);
  }

  /** What goes along to a new history, besides what runs. */
  carry(): Pick<CarriedRun, 'executed' | 'sub_runs' | 'lockings' | 'locks' | 'lists' | 'agents'> {
    return {
      executed: this.tasks.carry(),
      sub_runs: this.subRuns.carry(),
      lockings: this.locked.lockings,
      locks: this.inFlight.locks,
      lists: [...this.lists].map(([step, list]) => [step, carriedList(list)]),
      agents: this.agents.carry(),
    };
  }

  /** How far the instances of a `foreach` are that runs. */
  itemsOf(index: number): ItemCounts | undefined {
    const list = this.lists.get(index);
    return list && countItems(list);
  }

  stop(index: number): void {
    this.scopes.get(index)?.cancel();
    this.subRuns.force(index);
  }

  /** A parked step has a slot again. */
  proceed(index: number): void {
    this.agents.proceed(index);
  }

  /** Hands what a person said to a parked step on to it. */
  tell(index: number, said: PersonsAnswer): void {
    this.agents.tell(index, said);
  }

  /** Hands a forced cancel on to what is being stopped. */
  force(): void {
    this.subRuns.force();
  }

  private async runToEnd(scope: Scope, index: number): Promise<void> {
    const each = this.plan.steps[index]!.foreach !== undefined;
    const report = await scope.run(() => (each ? this.executeEach(index) : this.executeAlone(index)));
    this.scopes.delete(index);
    this.lists.delete(index);
    this.ended(this.plan.steps[index]!.id);
    this.options.apply({ type: 'step-ended', step: index, report, at: Date.now() });
  }

  private ended(id: string): void {
    this.inFlight.end(id);
    this.agents.ended(id);
  }

  private async executeAlone(index: number): Promise<StepReport> {
    if (!this.sharing) return this.executeOne(index);
    return this.slots.run(() => this.executeOne(index), this.hasSlot(this.plan.steps[index]!.id));
  }

  /** What ran in an earlier history runs on, whatever else wants a slot: nobody waits for its process meanwhile. */
  private hasSlot(id: string): boolean {
    return this.input.carried?.v === 2 && this.goesOn(id);
  }

  private goesOn(id: string): boolean {
    return this.inFlight.goesOn(id) || this.agents.goesOn(id);
  }

  private async executeEach(index: number): Promise<StepReport> {
    const { id, max_parallel } = this.plan.steps[index]!;
    let items: readonly Json[];
    try {
      const list = (): readonly Json[] => this.tasks.items(index);
      items = this.pacing.busy && !this.carriedLists.has(index) ? await this.pacing.later(list) : list();
    } catch (error) {
      return notWorkedOut(error);
    }
    const { engine_version: version } = this.input;
    const carried = this.carriedLists.get(index);
    const progress = listProgress(carried);
    this.carriedLists.delete(index);
    if (carried === undefined) this.takeOver(index, items, progress);
    progress.total = items.length;
    this.lists.set(index, progress);
    const limits = {
      limit: max_parallel ?? items.length,
      maxItems: version >= 4 ? MAX_ITEMS.several : MAX_ITEMS.one,
      ...(version >= 2 && { maxOutputBytes: MAX_LIST_BYTES }),
    };
    const { mayStart } = this.options;
    const hasSlot = (item: number): boolean => this.hasSlot(`${id}[${item}]`);
    const step = { id, ...limits, slots: this.slots, wanted: this.tasks.wanted(index), progress, mayStart, hasSlot };
    const goingOn = new Set(progress.goingOn);
    const report = await runInstances(this.temporal, items, step, (item, i) =>
      this.executeInstance(index, { item, index: i }, goingOn.has(i)),
    );
    if (progress.reports.some((each) => each?.status === 'failed'))
      this.failedLists.set(index, { items, reports: progress.reports });
    return report;
  }

  /** Of a list that runs once more only what did not go well does: by hand in this run, or as another run has left it. */
  private takeOver(index: number, items: readonly Json[], progress: ListProgress): void {
    const failed = this.failedLists.get(index);
    this.failedLists.delete(index);
    const known =
      failed !== undefined && this.temporal.patched('retry-failed-items')
        ? wentWell(failed, items)
        : failed === undefined
          ? reusedItems(this.input.reused_items?.[this.plan.steps[index]!.id], items)
          : [];
    for (const [i, report] of known) {
      progress.reports[i] = report;
      this.options.onInstance(index, i, { item: itemLabel(items[i]!), report });
    }
  }

  private async executeInstance(index: number, instance: Instance, goesOn: boolean): Promise<StepReport> {
    if (!goesOn) this.options.onInstance(index, instance.index, { item: itemLabel(instance.item) });
    const report = await this.executeOne(index, instance);
    this.ended(instanceId(this.plan.steps[index]!, instance));
    this.options.onInstance(index, instance.index, { report });
    return report;
  }

  private async executeOne(index: number, instance?: Instance): Promise<StepReport> {
    let execution: () => Promise<StepReport>;
    let locks: readonly string[];
    try {
      const expand = (): ExpandedStep => this.tasks.expand(index, instance);
      // What runs already is waited for at once: who looks after processes that nobody waits for ends them.
      const goesOn = this.goesOn(instanceId(this.plan.steps[index]!, instance));
      const expanded = this.pacing.busy && !goesOn ? await this.pacing.later(expand) : expand();
      // What the run holds already its steps need not take; they would wait for their own run.
      locks = expanded.locks.filter((name) => !this.options.heldLocks.includes(name));
      execution = this.executionOf(index, expanded, instance);
    } catch (error) {
      return notWorkedOut(error);
    }
    if (locks.length === 0) return execution();
    const step = this.plan.steps[index]!;
    return this.locked.run({ index, id: instanceId(step, instance), step }, locks, execution);
  }

  private executionOf(index: number, expanded: ExpandedStep, instance?: Instance): () => Promise<StepReport> {
    const { action } = expanded;
    const id = instanceId(this.plan.steps[index]!, instance);
    if (action.type === 'agent') {
      return () => {
        this.inFlight.beginAgent(id, () => this.agents.rests(id));
        return this.agents.execute(index, action, expanded, instance);
      };
    }
    if (action.type === 'plan') {
      return () => {
        this.inFlight.begin(id, 'sub-plan');
        return this.runSubPlan(index, action, expanded, instance);
      };
    }
    const task = this.tasks.task(index, expanded, instance);
    return () => this.runTask(index, task);
  }

  private runSubPlan(
    index: number,
    action: PlanAction,
    { env, locks }: ExpandedStep,
    instance: Instance | undefined,
  ): Promise<StepReport> {
    const step = this.plan.steps[index]!;
    return this.subRuns.run({
      index,
      stepId: instanceId(step, instance),
      action,
      env: Object.fromEntries(Object.keys(step.env).map((name) => [name, env[name]!])),
      locks: [...new Set([...this.options.heldLocks, ...locks])],
      wanted: this.tasks.wanted(index),
    });
  }

  private async runTask(index: number, task: StepTask): Promise<StepReport> {
    const { step_id: id } = task;
    const isCall = task.action.type === 'http';
    if (isCall) this.inFlight.begin(id, 'call');
    const known = isCall ? undefined : this.inFlight.beginProcess(id);
    try {
      if (known === undefined) await this.budget.take(this.activities.sizeOf(task));
      else if (known.resume_at !== undefined && known.resume_at > Date.now()) {
        await this.temporal.sleep(known.resume_at - Date.now());
      }
    } catch {
      this.inFlight.begin(id, 'landed');
      return { status: 'canceled', attempts: 0 }; // stopped while it waited for its turn
    }
    const given = known?.carried === undefined ? task : { ...task, carried: known.carried };
    const report = await this.activities.execute(this.plan.steps[index]!, given);
    this.inFlight.begin(id, 'landed');
    this.tasks.ran(task, report);
    return report;
  }

  private async runPiece(step: Step, task: StepTask, flight: AgentFlight): Promise<StepReport> {
    await this.budget.take(this.activities.sizeOf(task)).catch(() => {});
    if (!this.options.mayGoOn()) {
      flight.rests = true; // it has yet to begin, here or in a new history
      await this.temporal.condition(() => this.options.stateOf().holding === undefined).catch(() => {}); // or canceled
    }
    flight.rests = true;
    const { carried } = this.inFlight.beginProcess(task.step_id) ?? {};
    const given = carried === undefined ? task : { ...task, carried: { ...task.carried, ...carried } };
    return this.activities.execute(step, given);
  }
}

/** A run, as the names of its tries have it. */
function runOf(temporal: Temporal): { id: string; first_run_id?: string } {
  const { workflowId, runId, firstExecutionRunId: first } = temporal.info();
  return { id: workflowId, ...(first === runId ? {} : { first_run_id: first }) };
}

/** How a step ends whose templates, or whose list, could not be worked out. */
function notWorkedOut(error: unknown): StepReport {
  if (isCancellation(error)) return { status: 'canceled', attempts: 0 };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { status: 'failed', reason: 'expression_error', message, attempts: 0 };
}
