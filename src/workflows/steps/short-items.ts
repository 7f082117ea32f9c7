import type { GroupReport, StepGroup } from '../../contract/step-group.js';
import type { StepTask } from '../../contract/step-task.js';
import type { RunState } from '../../engine/index.js';
import type { Json } from '../../plan/model/values.js';
import { itemLabel } from '../../plan/templates/item-label.js';
import type { SharedEnv } from '../../plan/templates/shared-env.js';
import type { RunProgram } from '../program/program.js';
import type { Scope, Temporal } from '../temporal/temporal.js';
import { endsOf, hasItsLocks, isProcess, MAX_TASK_BYTES, SUMMARY, travelling, type GroupCalls } from './group-calls.js';
import type { GroupPace } from './group-pace.js';
import type { InFlight } from './in-flight.js';
import { nextOf, type ItemNews, type ListProgress } from './lists.js';
import type { Instance, StepTasks } from './step-tasks.js';

/** What groups of items have to do with the run that they belong to. */
export interface ShortItemsOptions {
  program: RunProgram;
  tasks: StepTasks;
  calls: GroupCalls;
  pace: GroupPace;
  inFlight: InFlight;
  shared: SharedEnv;
  /** Names of the locks that the run holds anyway. */
  heldLocks: readonly string[];
  parent: Scope;
  stateOf: () => RunState;
  /** Whether the run carries out nothing else than so many steps. */
  alone: (steps: number) => boolean;
  /** Whether expressions are to wait for a later task. */
  isBusy: () => boolean;
  /** Whether a further instance may start; asked before each group. */
  mayStart: () => boolean;
  onInstance: ItemNews;
  /** Takes in what a group has ended, and then all that has happened meanwhile. */
  land: (take: () => void) => void;
}

/** Items that the worker has together. */
interface Flying {
  step: number;
  /** Indexes of the items, and their tasks, in order. */
  indexes: readonly number[];
  tasks: readonly StepTask[];
  /** Epoch milliseconds. */
  since: number;
}

/**
 * Hands the items of a `foreach` to the worker in groups, as it is done with short steps, while nothing else is under way.
 * An item that does not end well within a second goes to an activity of its own, together with those that run beside it,
 * and so do all that come after these.
 */
export class ShortItems {
  private flying = false;
  private ends = 0;

  constructor(
    private readonly temporal: Temporal,
    private readonly options: ShortItemsOptions,
  ) {}

  /** Whether a group is under way, and all else must wait. */
  get busy(): boolean {
    return this.flying;
  }

  /** How many items groups have ended in this history. */
  get grouped(): number {
    return this.ends;
  }

  /** Runs as many items of a list as it can. @param atOnce how many may run at once */
  async run(step: number, items: readonly Json[], progress: ListProgress, atOnce: number): Promise<void> {
    const { calls, inFlight, land, mayStart, parent, program } = this.options;
    const scope = this.temporal.currentScope();
    const { id } = program.plan.steps[step]!;
    while (!scope.consideredCancelled && progress.goingOn.length === 0) {
      if (!mayStart()) await this.temporal.condition(mayStart).catch(() => {}); // canceled: the loop sees that
      const flying = scope.consideredCancelled ? undefined : this.next(step, items, progress);
      if (flying === undefined) return;
      const group = this.groupOf(flying, atOnce);
      this.flying = true;
      inFlight.begin(id, 'short-steps');
      const report = await parent.run(() => calls.ask(group, group.steps[0]!, this.summaryOf(flying)));
      this.flying = false;
      inFlight.end(id);
      land(() => this.landed(flying, report, items, progress));
    }
  }

  /** The next items; undefined where they need activities of their own. */
  private next(step: number, items: readonly Json[], progress: ListProgress): Flying | undefined {
    if (!this.mayFly(step)) return undefined;
    const { pace, isBusy } = this.options;
    const { next: first } = progress;
    const indexes: number[] = [];
    const tasks: StepTask[] = [];
    let bytes = 0;
    while (indexes.length < pace.reach) {
      const index = nextOf(progress, items);
      if (index === undefined) break;
      const task = isBusy() ? undefined : this.taskOf(step, { item: items[index]!, index });
      bytes += task === undefined ? 0 : JSON.stringify(task).length;
      if (task === undefined || bytes > MAX_TASK_BYTES) {
        progress.next = index;
        break;
      }
      indexes.push(index);
      tasks.push(task);
    }
    if (indexes.length > 1) return { step, indexes, tasks, since: Date.now() };
    progress.next = first; // nothing to gain from an item alone
    return undefined;
  }

  private mayFly(step: number): boolean {
    const { program, inFlight, stateOf, alone, isBusy } = this.options;
    if (inFlight.size > 0 || !alone(1) || isBusy()) return false;
    const { steps, stop } = stateOf();
    return stop === undefined && steps[step]!.stopping === undefined && isProcess(program.plan.steps[step]!);
  }

  private taskOf(step: number, instance: Instance): StepTask | undefined {
    const { tasks, heldLocks } = this.options;
    try {
      const expanded = tasks.expand(step, instance);
      return hasItsLocks(expanded, heldLocks) ? tasks.task(step, expanded, instance) : undefined;
    } catch {
      return undefined; // it fails in its turn
    }
  }

  private groupOf({ tasks }: Flying, atOnce: number): StepGroup {
    const { shared } = this.options;
    return {
      shared: shared.mark,
      steps: tasks.map(({ step_id }) => step_id),
      after: [],
      started: [0],
      ready: tasks.slice(1).map((_, i) => i + 1),
      decided: [],
      slots: atOnce,
      tasks: travelling(tasks, shared, true),
    };
  }

  private summaryOf({ step, indexes }: Flying): string {
    const { name } = this.options.program.plan.steps[step]!;
    const which = `[${indexes[0]!}] to [${indexes.at(-1)!}]`;
    return `${name.slice(0, SUMMARY - which.length)}${which}`;
  }

  private landed(flying: Flying, report: GroupReport, items: readonly Json[], progress: ListProgress): void {
    const { inFlight, pace, tasks } = this.options;
    const { indexes } = flying;
    const ends = endsOf(
      report,
      flying.tasks.map(({ step_id }) => step_id),
    );
    for (const { place, report } of ends) {
      tasks.ran(flying.tasks[place]!, report);
      progress.reports[indexes[place]!] = report;
    }
    for (const [place, first_started_at] of report.begun) {
      const index = indexes[place]!;
      inFlight.found(flying.tasks[place]!.step_id, { carried: { failures: 0, first_started_at } });
      progress.running.add(index);
      progress.goingOn.push(index);
      progress.begun.add(index);
    }
    // They begin in their order, so what was not begun are the last ones.
    const rest = indexes.find((index) => progress.reports[index] === undefined && !progress.running.has(index));
    if (rest !== undefined) progress.next = rest;
    this.ends += ends.length;
    pace.landed(indexes.length, ends, report);
    this.tell(flying, report, ends, items);
  }

  /** Tells when items began and ended, in the order of those times. */
  private tell(
    { step, indexes, since }: Flying,
    { begun }: GroupReport,
    ends: ReturnType<typeof endsOf>,
    items: readonly Json[],
  ): void {
    const now = Date.now();
    const within = (at = now): number => Math.min(Math.max(at, since), now);
    const began = (place: number, at: number | undefined) =>
      ({ at: within(at), index: indexes[place]!, news: { item: itemLabel(items[indexes[place]!]!) } }) as const;
    const ended = ends.flatMap(({ place, report }) => [
      began(place, report.started_at),
      { at: within(report.finished_at), index: indexes[place]!, news: { report } },
    ]);
    const news = [...ended, ...begun.map(([place, at]) => began(place, at))].sort((a, b) => a.at - b.at);
    for (const { at, index, news: what } of news) this.options.onInstance(step, index, what, at);
  }
}
