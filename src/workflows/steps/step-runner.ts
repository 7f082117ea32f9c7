import type { CarriedRun } from '../../contract/carried-run.js';
import type { ItemCounts } from '../../contract/run-messages.js';
import type { RunInput } from '../../contract/run-input.js';
import type { StepTask } from '../../contract/step-task.js';
import type { EngineEvent, RunState, PersonsAnswer, StepReport } from '../../engine/index.js';
import type { Plan, PlanAction, Step } from '../../plan/model/plan.js';
import { isSomewhere } from '../../plan/model/step-fields.js';
import type { ExpandedStep } from '../../plan/templates/expand-step.js';
import { sharedEnv } from '../../plan/templates/shared-env.js';
import type { CheckedInput } from '../program/input.js';
import { createPacing, type Pacing } from '../program/pacing.js';
import type { RunProgram } from '../program/program.js';
import type { Scope, Temporal } from '../temporal/temporal.js';
import { AgentSteps, type AgentFlight } from './agent-steps.js';
import { GroupCalls } from './group-calls.js';
import { GroupPace } from './group-pace.js';
import { InFlight } from './in-flight.js';
import { ListSteps } from './list-steps.js';
import type { ItemNews } from './lists.js';
import { LockedSteps } from './locked-steps.js';
import { StepActivities } from './run-step.js';
import { ShortItems } from './short-items.js';
import { ShortSteps, type ShortEnd } from './short-steps.js';
import { Slots } from './slots.js';
import { notWorkedOut } from './step-end.js';
import { instanceId, StepTasks, type Instance } from './step-tasks.js';
import { SubRuns } from './sub-runs.js';
import { TaskBudget } from './task-budget.js';

/** What a runner has to do with the run that it belongs to. */
export interface StepRunnerOptions {
  /** Names of the locks that the run, or one above it, holds anyway. */
  heldLocks: readonly string[];
  /** All that it starts runs below this scope. */
  parent: Scope;
  stateOf: () => RunState;
  /** Hears of each step that was started how it ended, and of its locks. */
  apply: (event: EngineEvent) => void;
  /** Hears of each instance of a `foreach`. */
  onInstance: ItemNews;
  /** Whether a further instance may start; asked before each. */
  mayStart: () => boolean;
  /** Whether an agent may begin another turn or gate; asked before each. */
  mayGoOn: () => boolean;
  /** Takes in the ends of short steps, in their order, and then all that has happened meanwhile. `begun` have begun, too. */
  landed: (ends: readonly ShortEnd[], begun: readonly number[]) => void;
  /** Takes in what a group of items has ended, and then all that has happened meanwhile. */
  land: (take: () => void) => void;
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
  private readonly lists: ListSteps;
  private readonly pace: GroupPace;
  private readonly short: ShortSteps;
  private readonly items: ShortItems | undefined;
  /** Steps that were started, and that are about to be carried out together. */
  private started: number[] = [];
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
    this.budget = new TaskBudget(temporal);
    this.pacing = createPacing(temporal, program.allowance, parent);
    this.slots = new Slots(temporal, plan.globals.max_concurrency);
    this.sharing = isSomewhere(plan.steps, 'foreach');
    this.locked = new LockedSteps(temporal, {
      program,
      inFlight: this.inFlight,
      stateOf,
      apply,
      lockings: carried?.lockings ?? 0,
    });
    this.tasks = new StepTasks(program, input, runOf(temporal), stateOf);
    // Runs of before have it in each task, and wait for room by the sizes of those.
    const shared = version >= 2 ? sharedEnv(input) : undefined;
    this.pace = new GroupPace(version);
    const groups = {
      program,
      tasks: this.tasks,
      calls: new GroupCalls(temporal),
      pace: this.pace,
      inFlight: this.inFlight,
      heldLocks: options.heldLocks,
      parent,
      stateOf,
      alone: (steps: number) => this.scopes.size === steps,
      isBusy: () => this.pacing.busy,
    };
    this.short = new ShortSteps({
      ...groups,
      version,
      shared: hasGroups(input) ? shared : undefined,
      landed: (...what) => this.landed(...what),
    });
    const { mayStart, onInstance, land } = options;
    if (version >= 9 && shared !== undefined && hasGroups(input)) {
      this.items = new ShortItems(temporal, { ...groups, shared, mayStart, onInstance, land });
    }
    this.lists = new ListSteps(temporal, {
      plan,
      input,
      tasks: this.tasks,
      pacing: this.pacing,
      slots: this.slots,
      hasSlot: (id) => this.hasSlot(id),
      mayStart,
      run: (index, instance) => this.executeOne(index, instance),
      ended: (id) => this.ended(id),
      onInstance,
      short: this.items,
    });
    this.activities = new StepActivities(temporal, {
      version,
      maxDuration: plan.globals.max_step_duration_sec,
      shared,
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

  /** A step has its turn. From engine version 6 on it waits for {@link flush}, with those that start together with it. */
  start(index: number): void {
    const scope = this.temporal.scope(this.options.parent);
    this.scopes.set(index, scope);
    if (this.input.engine_version >= 6) {
      this.started.push(index);
      this.inFlight.starting += 1;
    } else void this.runToEnd(scope, index);
  }

  /** Carries out what was started: by the worker as a group, or each by itself. */
  flush(): void {
    const { started } = this;
    this.startLater([]);
    const stopped = started.some((index) => this.scopes.get(index)!.consideredCancelled);
    if (started.length === 0 || (!stopped && this.short.begin(started))) return;
    for (const index of started) void this.runToEnd(this.scopes.get(index)!, index);
  }

  /** Whether steps run of which the run hears together, within a second: until then it takes nothing else in. */
  get busy(): boolean {
    return this.short.busy || this.items?.busy === true;
  }

  /** How many steps groups have ended in this history. */
  get grouped(): number {
    return this.short.grouped + (this.items?.grouped ?? 0);
  }

  /** What goes along to a new history, besides what runs. */
  carry(): Pick<CarriedRun, 'executed' | 'sub_runs' | 'lockings' | 'locks' | 'lists' | 'agents'> {
    return {
      executed: this.tasks.carry(),
      sub_runs: this.subRuns.carry(),
      lockings: this.locked.lockings,
      locks: this.inFlight.locks,
      lists: this.lists.carry(),
      agents: this.agents.carry(),
    };
  }

  /** How far the instances of a `foreach` are that runs. */
  itemsOf(index: number): ItemCounts | undefined {
    return this.lists.countsOf(index);
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
    const report = await scope.run(() => (each ? this.lists.execute(index) : this.executeAlone(index)));
    this.scopes.delete(index);
    this.lists.over(index);
    this.ended(this.plan.steps[index]!.id);
    this.pace.ended(report);
    this.options.apply({ type: 'step-ended', step: index, report, at: Date.now() });
  }

  /** A group is over. What it began and has not ended well is carried out by itself, when its turn comes. */
  private landed(ends: readonly ShortEnd[], begun: readonly number[], leftover: readonly number[]): void {
    this.startLater([...leftover]);
    this.options.landed(ends, begun);
  }

  private startLater(started: number[]): void {
    this.started = started;
    this.inFlight.starting = started.length;
  }

  /**
   * A step that a group has ended has its turn. @returns false where it has not been started, and so ends when it is
   */
  settle(index: number): boolean {
    if (this.options.stateOf().steps[index]!.status !== 'running') return false;
    this.short.take(index);
    this.scopes.delete(index);
    this.startLater(this.started.filter((each) => each !== index));
    return true;
  }

  private ended(id: string): void {
    this.inFlight.end(id);
    this.agents.ended(id);
  }

  private async executeAlone(index: number): Promise<StepReport> {
    if (!this.sharing) return this.executeOne(index);
    return this.slots.run(() => this.executeOne(index), this.hasSlot(this.plan.steps[index]!.id));
  }

  /** What an earlier history or a group began runs on, whatever else wants a slot: nobody waits for its process meanwhile. */
  private hasSlot(id: string): boolean {
    return (this.input.engine_version >= 9 || this.input.carried?.v === 2) && this.goesOn(id);
  }

  private goesOn(id: string): boolean {
    return this.inFlight.goesOn(id) || this.agents.goesOn(id);
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
    const before = this.short.take(index);
    if (before !== undefined) return before;
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

/** Whether short steps go to the worker in groups. */
function hasGroups({ engine_version: version, short_steps }: RunInput): boolean {
  return version >= 7 ? short_steps !== false : version === 6 && short_steps === true;
}

/** A run, as the names of its tries have it. */
function runOf(temporal: Temporal): { id: string; first_run_id?: string } {
  const { workflowId, runId, firstExecutionRunId: first } = temporal.info();
  return { id: workflowId, ...(first === runId ? {} : { first_run_id: first }) };
}
