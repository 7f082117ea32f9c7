import type { LiveStep } from '../../client/describe.js';
import type { ProgressView, StepView } from '../../contract/run-messages.js';
import { countStatuses } from '../../contract/statuses.js';
import type { Plan } from '../../plan/model/plan.js';
import { forPeople, oneLine } from './format.js';

/** What a plan says of a step that its run does not. */
export interface StepLook {
  /** For people; the id where it has no name of its own. */
  name: string;
  /** Executions that it may have. */
  tries: number;
  /** Milliseconds that it waits, of one that only waits. */
  waits?: number;
  /** True of one that runs a plan: the steps of that have names of their own. */
  runsPlan?: true;
}

/** Ended steps that are remembered as the latest. */
const LATEST = 10;

/**
 * What is known of a run that is shown as it goes. It keeps what a frame needs, and no more: a run may have a hundred
 * thousand steps, and a frame is drawn five times a second.
 */
export class LiveRun {
  /** Steps that run or wait. */
  readonly active = new Map<string, StepView>();
  /** Steps that failed, and that nothing made up for. */
  readonly failed = new Map<string, StepView>();
  /** Those that ended last in another way, the latest at the end. */
  latest: StepView[] = [];
  progress: ProgressView | undefined;
  live: ReadonlyMap<string, LiveStep> = new Map();
  /** The runs of sub-plans that are shown with their steps, by their ids. */
  readonly subRuns = new Map<string, LiveRun>();
  /** Why it is not known what the run does. */
  silence: string | undefined;
  /** In the order of the plan; empty where that is not known. */
  readonly looks: ReadonlyMap<string, StepLook>;
  private readonly places: ReadonlyMap<string, number>;

  constructor(plan: Plan | undefined) {
    this.looks = new Map(plan?.steps.map((step) => [step.id, lookOf(step)]));
    this.places = new Map(plan?.steps.map(({ id }, index) => [id, index]));
  }

  /** Takes in steps that have changed. */
  take(steps: readonly StepView[], progress: ProgressView): void {
    this.progress = progress;
    for (const step of forPeople(steps)) {
      this.active.delete(step.id);
      this.failed.delete(step.id);
      if (step.status === 'running' || step.status === 'waiting') this.active.set(step.id, step);
      else if (step.status === 'failed' && !step.recovered) this.failed.set(step.id, step);
      else if (step.status !== 'pending' && step.started_at !== undefined) this.latest.push(step);
    }
    this.latest = this.latest.slice(-LATEST);
  }

  /** What people call a step. */
  labelOf(id: string): string {
    const name = oneLine(this.looks.get(id)?.name ?? id);
    return name === id ? id : `${id}: ${name}`;
  }

  /** Where a step stands in the plan. */
  placeOf(id: string): number {
    return this.places.get(id) ?? 0;
  }

  /** How many steps there are in each status. */
  get counts(): ProgressView['counts'] {
    return this.progress?.counts ?? countStatuses([]);
  }
}

function lookOf({ name, retry, action }: Plan['steps'][number]): StepLook {
  const waits = action.type === 'wait' && action.seconds !== undefined ? { waits: action.seconds * 1000 } : {};
  return { name, tries: retry.retries + 1, ...waits, ...(action.type === 'plan' && { runsPlan: true }) };
}
