import type { Plan, Step } from '../../plan/model/plan.js';
import type { Json } from '../../plan/model/values.js';
import type { AskedValue, PlanAnswer, StepLook } from '../../ui/api.js';
import { startedBy } from '../../client/started-by.js';
import { defined } from '../../basics/defined.js';
import { forPeople } from '../render/format.js';
import { drawGraph } from '../render/html/drawing.js';

/**
 * What the page shows of a plan: its steps, what they ask, and the drawing of its graph.
 *
 * @param user who asks, where a proxy knows it
 */
export function planAnswer(plan: Plan, user?: string): PlanAnswer {
  const nodes = plan.steps.map(({ id, depends_on, fallback_of = null, finally: last }) => ({
    id,
    depends_on,
    fallback_of,
    finally: last,
  }));
  const decider = { name: user ?? startedBy(), others: user === undefined };
  return forPeople({ steps: plan.steps.map(lookOf), decider, ...defined({ drawing: drawGraph(nodes) }) });
}

function lookOf(step: Step): StepLook {
  const { id, name, description, action, depends_on, fallback_of } = step;
  return {
    id,
    kind: action.type,
    depends_on,
    ...defined({ name: name === id ? undefined : name, description, fallback_of }),
    ...(step.finally && { finally: true }),
    ...(action.type === 'approval' && {
      asks: Object.entries(action.inputs).map(([name, spec]) => askedValue(name, spec)),
      approvers: action.approvers,
    }),
  };
}

function askedValue(
  name: string,
  { type, required, description, default: usual, enum: choices }: Plan['inputs'][string],
): AskedValue {
  return {
    name,
    type,
    required,
    ...defined({
      description,
      default: usual === undefined ? undefined : textOf(usual),
      choices: choices?.map(textOf),
    }),
  };
}

/** As it would be typed. */
function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
