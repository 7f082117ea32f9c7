import type { CarriedList } from '../../contract/carried-run.js';
import type { ItemCounts } from '../../contract/run-messages.js';
import type { RunInput } from '../../contract/run-input.js';
import type { StepReport } from '../../engine/index.js';
import type { Plan } from '../../plan/model/plan.js';
import type { Json } from '../../plan/model/values.js';
import { itemLabel } from '../../plan/templates/item-label.js';
import type { Pacing } from '../program/pacing.js';
import type { Temporal } from '../temporal/temporal.js';
import { runInstances } from './foreach.js';
import {
  carriedList,
  countItems,
  listProgress,
  reusedItems,
  wentWell,
  type FailedList,
  type ItemNews,
  type ListProgress,
} from './lists.js';
import type { ShortItems } from './short-items.js';
import type { Slots } from './slots.js';
import { notWorkedOut } from './step-end.js';
import { instanceId, type Instance, type StepTasks } from './step-tasks.js';

/** Bytes of the outputs that the instances of a `foreach` have together: an answer of 2 MB has to hold them. */
const MAX_LIST_BYTES = 1024 * 1024;

/** Instances of one step. Runs of before were not to have more than one history holds. */
const MAX_ITEMS = { one: 10_000, several: 20_000 };

/** What lists have to do with the run that they belong to. */
export interface ListDeps {
  plan: Plan;
  input: RunInput;
  tasks: StepTasks;
  pacing: Pacing;
  slots: Slots;
  /** Whether a step or an instance has had a slot in an earlier history. */
  hasSlot: (id: string) => boolean;
  /** Whether a further instance may start; asked before each. */
  mayStart: () => boolean;
  run: (index: number, instance: Instance) => Promise<StepReport>;
  /** An instance has ended, by its id. */
  ended: (id: string) => void;
  onInstance: ItemNews;
  /** Runs short items in groups, as many as it can. Absent where the run has no groups of items. */
  short: Pick<ShortItems, 'run'> | undefined;
}

/** Carries out the steps of a run that are a `foreach`: one instance for each item of their list. */
export class ListSteps {
  private readonly lists = new Map<number, ListProgress>();
  private readonly carried: Map<number, CarriedList>;
  /** Lists of this history that did not go well, in case they are tried again by hand. */
  private readonly failed = new Map<number, FailedList>();

  constructor(
    private readonly temporal: Temporal,
    private readonly deps: ListDeps,
  ) {
    this.carried = new Map(deps.input.carried?.lists);
  }

  /** What goes along to a new history. */
  carry(): [step: number, list: CarriedList][] {
    return [...this.lists].map(([step, list]) => [step, carriedList(list)]);
  }

  /** How far the instances of a `foreach` are that runs. */
  countsOf(index: number): ItemCounts | undefined {
    const list = this.lists.get(index);
    return list && countItems(list);
  }

  /** The step of that place has ended. */
  over(index: number): void {
    this.lists.delete(index);
  }

  /** Runs the instances of a step, and tells how they went together. */
  async execute(index: number): Promise<StepReport> {
    const { plan, input, tasks, pacing, slots, mayStart, short } = this.deps;
    const { id, max_parallel } = plan.steps[index]!;
    let items: readonly Json[];
    try {
      const list = (): readonly Json[] => tasks.items(index);
      items = pacing.busy && !this.carried.has(index) ? await pacing.later(list) : list();
    } catch (error) {
      return notWorkedOut(error);
    }
    const { engine_version: version } = input;
    const carried = this.carried.get(index);
    const progress = listProgress(carried);
    this.carried.delete(index);
    if (carried === undefined) this.takeOver(index, items, progress);
    progress.total = items.length;
    this.lists.set(index, progress);
    const limits = {
      limit: max_parallel ?? items.length,
      maxItems: version >= 4 ? MAX_ITEMS.several : MAX_ITEMS.one,
      ...(version >= 2 && { maxOutputBytes: MAX_LIST_BYTES }),
    };
    const hasSlot = (item: number): boolean => this.deps.hasSlot(`${id}[${item}]`);
    const step = { id, ...limits, slots, wanted: tasks.wanted(index), progress, mayStart, hasSlot };
    if (short !== undefined && items.length <= limits.maxItems) {
      await short.run(index, items, progress, Math.min(limits.limit, slots.capacity));
    }
    const goingOn = new Set(progress.goingOn);
    const report = await runInstances(this.temporal, items, step, (item, i) =>
      this.executeInstance(index, { item, index: i }, goingOn.has(i)),
    );
    if (progress.reports.some((each) => each?.status === 'failed'))
      this.failed.set(index, { items, reports: progress.reports });
    return report;
  }

  /** Of a list that runs once more only what did not go well does: by hand in this run, or as another run has left it. */
  private takeOver(index: number, items: readonly Json[], progress: ListProgress): void {
    const { plan, input, onInstance } = this.deps;
    const failed = this.failed.get(index);
    this.failed.delete(index);
    const known =
      failed !== undefined && this.temporal.patched('retry-failed-items')
        ? wentWell(failed, items)
        : failed === undefined
          ? reusedItems(input.reused_items?.[plan.steps[index]!.id], items)
          : [];
    for (const [i, report] of known) {
      progress.reports[i] = report;
      onInstance(index, i, { item: itemLabel(items[i]!), report });
    }
  }

  private async executeInstance(index: number, instance: Instance, goesOn: boolean): Promise<StepReport> {
    const { plan, run, ended, onInstance } = this.deps;
    if (!goesOn) onInstance(index, instance.index, { item: itemLabel(instance.item) });
    const report = await run(index, instance);
    ended(instanceId(plan.steps[index]!, instance));
    onInstance(index, instance.index, { report });
    return report;
  }
}
