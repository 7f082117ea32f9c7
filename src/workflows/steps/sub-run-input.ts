import { ENGINE_VERSION, type RunInput } from '../../contract/run-input.js';
import type { StepReport } from '../../engine/index.js';
import { plansBelow } from '../../plan/files/check-set.js';
import { resolvePlanPath } from '../../plan/files/plan-path.js';
import type { NotifyEvent } from '../../plan/model/notify.js';
import type { Plan, PlanAction } from '../../plan/model/plan.js';
import type { Json } from '../../plan/model/values.js';
import { resolveSubPlanInputs } from '../../plan/templates/inputs.js';
import { refused } from './sub-run-report.js';
import { defined } from '../../basics/defined.js';

/** Bytes of the inputs that a step gives to a plan: they travel in the histories of both runs. */
const MAX_INPUT_BYTES = 128 * 1024;

/** One execution of a step that runs a plan. */
export interface SubPlanCall {
  index: number;
  /** The step's id; that of an instance says which one it is. */
  stepId: string;
  /** With its templates filled in. */
  action: PlanAction;
  /** The environment that the step itself names: the sub-plan takes it along. */
  env: Readonly<Record<string, string>>;
  /** Names of all locks that are held while it runs. */
  locks: readonly string[];
  /** Names of the outputs that some expression reads. */
  wanted: readonly string[];
}

/** What a sub-run is started with. */
export interface Prepared {
  plan: Plan;
  input: RunInput;
  bytes: number;
}

/** Makes the inputs of sub-runs from that of the run above them. */
export class SubRunInputs {
  private readonly sources: Readonly<Record<string, unknown>>;

  constructor(
    private readonly subPlans: ReadonlyMap<string, Plan>,
    private readonly above: RunInput,
  ) {
    this.sources = Object.fromEntries(Object.entries(above.plans ?? {}).map(([path, { plan }]) => [path, plan]));
  }

  /** @returns the end of the step where the plan cannot be started with what the step gives it */
  prepare(call: SubPlanCall): Prepared | { report: StepReport } {
    const path = resolvePlanPath(this.above.plan_path ?? '', call.action.plan);
    const plan = this.subPlans.get(path)!;
    const inputs = resolveSubPlanInputs(call.action, plan.inputs, call.action.inputs);
    if (!inputs.ok) return refused('input_invalid', inputs.error.map((each) => each.message).join('; '));
    const size = JSON.stringify(inputs.value).length;
    if (size > MAX_INPUT_BYTES) {
      const message = `the inputs have ${size} characters, more than ${MAX_INPUT_BYTES}; pass large data as a file`;
      return refused('input_invalid', message);
    }
    const input = this.inputOf(path, inputs.value, call);
    return { plan, input, bytes: JSON.stringify(input).length };
  }

  private inputOf(path: string, inputs: Record<string, Json>, { env, locks }: SubPlanCall): RunInput {
    const { above } = this;
    const { plan, digest } = above.plans![path]!;
    const below = Object.keys(plansBelow({ source: plan, path, plans: this.sources }));
    return {
      engine_version: ENGINE_VERSION,
      plan,
      digest,
      ...(below.length === 0
        ? {}
        : { plan_path: path, plans: Object.fromEntries(below.map((name) => [name, above.plans![name]!])) }),
      inputs,
      env: { ...above.env, ...env },
      ...defined({
        base_dir: above.base_dir,
        agents: above.agents,
        history_events: above.history_events,
        short_steps: above.short_steps,
      }),
      ...notifyBelow(above.notify),
      ...(locks.length === 0 ? {} : { held_locks: [...locks] }),
    };
  }
}

/** A person hears of questions where they are asked; the end of a sub-plan's run is a matter of the step above. */
function notifyBelow(notify: RunInput['notify']): Pick<RunInput, 'notify'> {
  if (notify === undefined) return {};
  const notifiers = notify.notifiers.map(({ on, name }) => ({ name, on: on.filter(asksSomebody) }));
  return { notify: { file: notify.file, notifiers } };
}

function asksSomebody(event: NotifyEvent): boolean {
  return event === 'waiting' || event === 'quarantined';
}
