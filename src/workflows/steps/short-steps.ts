import type { ActivityInterfaceFor } from '@temporalio/workflow';
import { packAfter, packTasks, unpackReports, type GroupReport, type StepGroup } from '../../contract/step-group.js';
import type { Activities } from '../../contract/activities.js';
import type { StepTask } from '../../contract/step-task.js';
import type { RunState, StepReport } from '../../engine/index.js';
import type { Step } from '../../plan/model/plan.js';
import type { ExpandedStep } from '../../plan/templates/expand-step.js';
import { stepReaders } from '../../plan/templates/reads-steps.js';
import { ownEnv, type SharedEnv } from '../../plan/templates/shared-env.js';
import type { RunProgram } from '../program/program.js';
import type { Scope, Temporal } from '../temporal/temporal.js';
import { certainlyFollows, formGroup, type GroupShape } from './form-group.js';
import type { InFlight } from './in-flight.js';
import { isForged, MAX_FORGERIES } from './step-end.js';
import type { StepTasks } from './step-tasks.js';

/**
 * Steps that follow in the first group, and by how much they become more where a group has come to its end, up to the most.
 * Where it has not, the next one has room for so many times as many as it got to: more of them only make it larger.
 */
const REACH = { first: 16, firstBefore8: 8, grows: 4, most: 256, room: 1.5 };
/** Bytes of the tasks of a group. Larger payloads would be compressed, and could not be read in the Web UI. */
const MAX_TASK_BYTES = 96 * 1024;
/**
 * A step that takes no longer is short: the round trip that it would need takes a good part of that. After so many of them
 * in a row the worker is given groups again. Milliseconds.
 */
const SHORT = { ms: 120, inARow: 3 };
/** A group takes a second. One that takes longer has lost its worker. */
const TIMEOUT = '10 seconds';
/** Characters of the summary of a group in the Web UI, which Temporal allows 400 bytes. */
const SUMMARY = 200;
/** How a group is named among what is under way. No step has such an id. */
const FLIGHT = '*short*';

/** What groups have to do with the run that they belong to. */
export interface ShortStepsOptions {
  program: RunProgram;
  tasks: StepTasks;
  inFlight: InFlight;
  /** Engine version of the run. */
  version: number;
  /** Absent where the runs of that version have no groups. */
  shared: SharedEnv | undefined;
  /** Names of the locks that the run holds anyway. */
  heldLocks: readonly string[];
  parent: Scope;
  stateOf: () => RunState;
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
  private reach: number;
  /** Short ones in a row, while there are no groups. */
  private inARow = 0;
  private declined = false;
  private ends = 0;
  private readonly known = new Map<number, StepReport>();
  /** Tasks of the steps that the last group had room for, besides those that it was begun with. */
  private made = new Map<number, MadeTask>();
  private readonly readsSteps: (step: Step) => boolean;

  private readonly activities: ActivityInterfaceFor<Pick<Activities, 'runSteps'>>;

  constructor(
    temporal: Temporal,
    private readonly options: ShortStepsOptions,
  ) {
    this.reach = this.first;
    this.readsSteps = stepReaders(options.program.plan);
    this.activities = temporal.activities({
      startToCloseTimeout: TIMEOUT,
      retry: { initialInterval: '1 second', backoffCoefficient: 1 },
    });
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

  /** A step has ended whose activity was its own. */
  ended(report: StepReport): void {
    const isShort = report.status === 'success' && tookMs(report) <= SHORT.ms;
    this.inARow = isShort ? this.inARow + 1 : 0;
    if (this.inARow < SHORT.inARow || this.reach > 0) return;
    this.reach = this.first;
    this.inARow = 0;
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
    let room = this.reach;
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

  private get first(): number {
    return this.options.version >= 8 ? REACH.first : REACH.firstBefore8;
  }

  private mayFly(started: readonly number[]): boolean {
    const { inFlight, shared, stateOf, isBusy, program } = this.options;
    if (shared === undefined || this.declined || this.reach === 0 || this.known.size > 0) return false;
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
    if (expanded.locks.some((name) => !heldLocks.includes(name))) return undefined;
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

  private async ask(flying: Flying): Promise<GroupReport> {
    const { program } = this.options;
    const group = this.groupOf(flying);
    const names = flying.indexes
      .filter((_, place) => flying.joins[place])
      .map((index) => program.plan.steps[index]!.name);
    const activityId = `g:${program.graph.ids[flying.indexes[flying.started[0]!]!]!}`;
    const options = { activityId, summary: summaryOf(names) };
    for (let forgeries = 0; ; forgeries += 1) {
      try {
        return await this.activities.runSteps.executeWithOptions(options, [
          forgeries === 0 ? group : { ...group, look: true },
        ]);
      } catch (error) {
        if (isForged(error) && forgeries < MAX_FORGERIES) continue;
        // What it has begun is found by the activities of the steps.
        this.declined = true;
        return { ended: [], reports: { rows: 0, columns: {} }, begun: [] };
      }
    }
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
      tasks: packTasks(
        joined.map((task) => ({ ...task, env: ownEnv(task.env, shared!) })),
        isBrief,
      ),
    };
  }

  private land(flying: Flying, { ended, reports, begun, declined }: GroupReport): void {
    const { program, inFlight, tasks, landed } = this.options;
    const { indexes } = flying;
    const { ids } = program.graph;
    this.flying = undefined;
    inFlight.end(FLIGHT);
    if (declined === true) this.declined = true;
    for (const [place, first_started_at] of begun) {
      inFlight.found(ids[indexes[place]!]!, { carried: { failures: 0, first_started_at } });
    }
    const names = ended.map((place) => ids[indexes[place]!]!);
    const ends = unpackReports(reports, names).map((report, i) => ({ step: indexes[ended[i]!]!, report }));
    for (const { step, report } of ends) {
      tasks.ran(flying.tasks.get(step)!, report);
      this.known.set(step, report);
    }
    this.ends += ends.length;
    this.learn(flying, ends, begun.length);
    const over = new Set(ends.map(({ step }) => step));
    landed(
      ends,
      begun.map(([place]) => indexes[place]!),
      flying.started.map((place) => indexes[place]!).filter((index) => !over.has(index)),
    );
  }

  /** Reaches further as long as all is short, and stops where something is not, or nothing came of it. */
  private learn({ tasks }: Flying, ends: readonly ShortEnd[], begun: number): void {
    const took = ends.map(({ report }) => tookMs(report)).sort((a, b) => a - b);
    const median = took[Math.floor(took.length / 2)] ?? Infinity;
    if (begun > 0 || median > SHORT.ms) {
      this.reach = 0;
      this.inARow = 0;
    } else if (ends.length === tasks.size) this.reach = Math.min(this.reach * REACH.grows, REACH.most);
    else if (this.options.version >= 8) {
      this.reach = Math.min(Math.max(Math.ceil(ends.length * REACH.room), REACH.first), REACH.most);
    }
  }
}

/** How long a step has taken; without end where nobody knows. */
function tookMs({ started_at: from, finished_at: to }: StepReport): number {
  return from === undefined || to === undefined ? Infinity : to - from;
}

/** Whether a step is one process, and nothing else needs to be there for it. */
function isPlain({ action: { type }, foreach, secrets, queue, run_once }: Step): boolean {
  const isCommand = type === 'command' || type === 'shell' || type === 'powershell';
  return isCommand && foreach === undefined && queue === undefined && !run_once && Object.keys(secrets).length === 0;
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
