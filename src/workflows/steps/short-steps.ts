import { packAfter, type GroupReport, type StepGroup } from '../../contract/step-group.js';
import type { StepTask } from '../../contract/step-task.js';
import type { RunState, StepReport } from '../../engine/index.js';
import type { Step } from '../../plan/model/plan.js';
import type { ExpandedStep } from '../../plan/templates/expand-step.js';
import { stepReaders } from '../../plan/templates/reads-steps.js';
import type { SharedEnv } from '../../plan/templates/shared-env.js';
import type { RunProgram } from '../program/program.js';
import type { Scope } from '../temporal/temporal.js';
import { certainlyFollows, formGroup, type GroupShape } from './form-group.js';
import { endsOf, hasItsLocks, isProcess, MAX_TASK_BYTES, SUMMARY, travelling, type GroupCalls } from './group-calls.js';
import { REACH, type GroupPace } from './group-pace.js';
import type { InFlight } from './in-flight.js';
import type { StepTasks } from './step-tasks.js';

/** How a group is named among what is under way. No step has such an id. */
const FLIGHT = '*short*';

/** What groups have to do with the run that they belong to. */
export interface ShortStepsOptions {
  program: RunProgram;
  tasks: StepTasks;
  calls: GroupCalls;
  pace: GroupPace;
  inFlight: InFlight;
  /** Engine version of the run. */
  version: number;
  /** Absent where the runs of that version have no groups. */
  shared: SharedEnv | undefined;
  /** Names of the locks that the run holds anyway. */
  heldLocks: readonly string[];
  parent: Scope;
  stateOf: () => RunState;
  /** Whether the run carries out nothing else than so many steps. */
  alone: (steps: number) => boolean;
  /** Whether expressions are to wait for a later task. */
  isBusy: () => boolean;
  /**
   * Takes in what became of a group: ends in their order, steps that have begun besides, and those that were started and
   * have no end.
   */
  landed: (ends: readonly ShortEnd[], begun: readonly number[], leftover: readonly number[]) => void;
}

/** A step of a group that has ended well. */
export interface ShortEnd {
  step: number;
  report: StepReport;
}

/** A task, and what it has as JSON. */
interface MadeTask {
  task: StepTask;
  bytes: number;
}

/** A group that the worker has. */
interface Flying extends GroupShape {
  tasks: ReadonlyMap<number, StepTask>;
}

/**
 * Hands short steps to the worker as groups, in one activity: a chain of them takes no round trip for each. Whatever
 * does not end well within a second goes to an activity of its own, which finds the process by the folder of its try.
 *
 * While a group is under way the run takes nothing else in. So the engine hears of everything in an order in which it
 * could have happened, and of no step that was begun it says that it never was.
 */
export class ShortSteps {
  private flying: Flying | undefined;
  private ends = 0;
  private readonly known = new Map<number, StepReport>();
  /** Tasks of the steps that the last group had room for, besides those that it was begun with. */
  private made = new Map<number, MadeTask>();
  private readonly readsSteps: (step: Step) => boolean;

  constructor(private readonly options: ShortStepsOptions) {
    this.readsSteps = stepReaders(options.program.plan);
  }

  /** Whether a group is under way, and all else must wait. */
  get busy(): boolean {
    return this.flying !== undefined;
  }

  /** How many steps groups have ended in this history. */
  get grouped(): number {
    return this.ends;
  }

  /** Takes out what a group has reported of a step that the run starts only now. */
  take(index: number): StepReport | undefined {
    const report = this.known.get(index);
    this.known.delete(index);
    return report;
  }

  /**
   * Begins a group with steps that the engine has just started.
   *
   * @returns false where each of them needs an activity of its own
   */
  begin(started: readonly number[]): boolean {
    if (!this.mayFly(started)) return false;
    const tasks = new Map<number, StepTask>();
    const made = new Map<number, MadeTask>();
    const { program, stateOf } = this.options;
    let bytes = 0;
    const join = (index: number): boolean => {
      const one = this.madeTask(index);
      if (one === undefined) return false;
      made.set(index, one);
      bytes += one.bytes;
      if (bytes > MAX_TASK_BYTES) return false;
      tasks.set(index, one.task);
      return true;
    };
    if (!started.every(join)) return false;
    let room = this.options.pace.reach;
    const shape = formGroup(program, stateOf(), started, (index) => {
      if (room === 0 || !this.mayFollow(index) || !join(index)) return false;
      room -= 1;
      return true;
    });
    // What follows reads nothing that others come to, so its task is the same until it has run.
    for (const index of started) made.delete(index);
    this.made = made;
    // Nothing to gain from a step alone.
    if (tasks.size === 1 || shape.indexes.length > tasks.size + REACH.most) return false;
    this.flying = { ...shape, tasks };
    this.options.inFlight.begin(FLIGHT, 'short-steps');
    void this.options.parent.run(() => this.fly(this.flying!));
    return true;
  }

  private mayFly(started: readonly number[]): boolean {
    const { inFlight, shared, stateOf, isBusy, program, pace, alone, version } = this.options;
    if (shared === undefined || pace.reach === 0 || this.known.size > 0) return false;
    // A `foreach` may be about to start items.
    if (version >= 9 && !alone(started.length)) return false;
    if (started.length === 0 || started.length > REACH.most || inFlight.size > 0 || isBusy()) return false;
    const { status, stop, holding, breakers } = stateOf();
    if (status !== 'running' || stop !== undefined || holding !== undefined) return false;
    if (Object.values(breakers).some(({ openUntil, parked }) => openUntil !== undefined || parked.length > 0))
      return false;
    return started.every((index) => {
      const { id, fallback_of } = program.plan.steps[index]!;
      return fallback_of === undefined && !inFlight.goesOn(id);
    });
  }

  private madeTask(index: number): MadeTask | undefined {
    const { stateOf, tasks } = this.options;
    if (stateOf().steps[index]!.stopping !== undefined) return undefined;
    const made = this.made.get(index);
    // It may have run by itself since, and be tried again by hand.
    if (made !== undefined && (made.task.attempts_before ?? 0) === tasks.executions(made.task.step_id)) return made;
    const task = this.taskOf(index);
    return task && { task, bytes: JSON.stringify(task).length };
  }

  /** The task of a step that a group may have; undefined where it needs an activity of its own. */
  private taskOf(index: number): StepTask | undefined {
    const { program, tasks, heldLocks } = this.options;
    const step = program.plan.steps[index]!;
    if (!isPlain(step) || program.graph.fallbacks[index] !== undefined) return undefined;
    let expanded: ExpandedStep;
    try {
      expanded = tasks.expand(index);
    } catch {
      return undefined; // it fails in its turn
    }
    if (!hasItsLocks(expanded, heldLocks)) return undefined;
    return tasks.task(index, expanded);
  }

  /** Whether a step certainly comes next, and could be started now as it will be then. */
  private mayFollow(index: number): boolean {
    const { program, stateOf } = this.options;
    if (!certainlyFollows(program, stateOf(), index) || !isPlain(program.plan.steps[index]!)) return false;
    return this.made.has(index) || !this.readsSteps(program.plan.steps[index]!);
  }

  private async fly(flying: Flying): Promise<void> {
    this.land(flying, await this.ask(flying));
  }

  private ask(flying: Flying): Promise<GroupReport> {
    const { program, calls } = this.options;
    const names = flying.indexes
      .filter((_, place) => flying.joins[place])
      .map((index) => program.plan.steps[index]!.name);
    const first = program.graph.ids[flying.indexes[flying.started[0]!]!]!;
    return calls.ask(this.groupOf(flying), first, summaryOf(names));
  }

  private groupOf({ indexes, joins, after, started, ready, decided, tasks }: Flying): StepGroup {
    const { program, shared, version } = this.options;
    const { ids } = program.graph;
    const isBrief = version >= 8;
    const joined = indexes.filter((_, place) => joins[place]).map((index) => tasks.get(index)!);
    return {
      shared: shared!.mark,
      steps: indexes.map((index, place) => (joins[place] ? ids[index]! : null)),
      ...(isBrief ? packAfter(after) : { after }),
      started,
      ready,
      decided,
      slots: program.plan.globals.max_concurrency,
      tasks: travelling(joined, shared!, isBrief),
    };
  }

  private land(flying: Flying, report: GroupReport): void {
    const { program, inFlight, pace, tasks, landed } = this.options;
    const { indexes } = flying;
    const { ids } = program.graph;
    const { begun } = report;
    this.flying = undefined;
    inFlight.end(FLIGHT);
    for (const [place, first_started_at] of begun) {
      inFlight.found(ids[indexes[place]!]!, { carried: { failures: 0, first_started_at } });
    }
    const known = endsOf(
      report,
      indexes.map((index) => ids[index]!),
    );
    const ends = known.map(({ place, report }) => ({ step: indexes[place]!, report }));
    for (const { step, report } of ends) {
      tasks.ran(flying.tasks.get(step)!, report);
      this.known.set(step, report);
    }
    this.ends += ends.length;
    pace.landed(flying.tasks.size, ends, report);
    const over = new Set(ends.map(({ step }) => step));
    landed(
      ends,
      begun.map(([place]) => indexes[place]!),
      flying.started.map((place) => indexes[place]!).filter((index) => !over.has(index)),
    );
  }
}

/** Whether a step is one process, and nothing else needs to be there for it. */
function isPlain(step: Step): boolean {
  return step.foreach === undefined && isProcess(step);
}

/** Names as many steps as there is room for. */
function summaryOf(names: readonly string[]): string {
  let text = '';
  for (const [i, name] of names.entries()) {
    const more = names.length - i;
    const next = text === '' ? name : `${text}, ${name}`;
    if (next.length > SUMMARY - 20) return text === '' ? name.slice(0, SUMMARY) : `${text}, and ${more} more`;
    text = next;
  }
  return text;
}
