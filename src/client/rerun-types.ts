import type { RunInput } from '../contract/run-input.js';
import type { StepView } from '../contract/run-messages.js';
import type { Plan } from '../plan/model/plan.js';
import type { CheckedPlans } from './checked-plans.js';

/** Which steps run again whatever they did before. */
export interface RerunMode {
  /** These and what comes after them. */
  from?: readonly string[];
  /** These, and nothing else. */
  only?: readonly string[];
}

/** A run that is there already, with what it was started with. */
export interface PastRun {
  run_id: string;
  plan: Plan;
  /** That its plans were checked, where this version still takes them all. */
  checked?: CheckedPlans;
  input: RunInput;
  steps: readonly StepView[];
  /** Of each `foreach` that did not go well: what its record says of its instances. */
  instances?: ReadonlyMap<string, readonly PastInstance[]>;
}

/** What a rerun takes over and what it does again, in plan order, each with the reason. */
export interface RerunDecision {
  reused: string[];
  again: RunsAgain[];
  /** Only with `only`: neither reused nor run. */
  left_out: string[];
}

/** A step that runs again; of a `foreach` maybe only some of its items. */
export interface RunsAgain {
  step: string;
  why: string;
  /** The indexes of the items whose results are taken over; absent where all run again. */
  items_reused?: number[];
  /** The others, in words. */
  items?: string[];
}

/** An instance of a `foreach` in an earlier run. */
export interface PastInstance {
  index: number;
  /** Its item in words; runs of an older orch did not record it. */
  item?: string | undefined;
  status: string;
}
