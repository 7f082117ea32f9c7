import { evaluateCondition, type Expression, type ExpressionValues } from '../expressions/index.js';
import { conditionValues, type TemplateContext } from './expand-step.js';
import { stepConditions } from './step-expressions.js';
import type { Plan, Step } from '../model/plan.js';
import type { SecretSource } from '../model/secret-source.js';

/** What expressions know then. */
export const BEFORE_THE_RUN = { prev: {}, run: { id: 'RUN', attempt: 1 } };

/** A condition, and what it comes to with what is known before a run; null where only the run will tell. */
interface ForeseenCondition {
  text: string;
  value: boolean | null;
}

/** What decides whether a step runs. */
export interface Foreseen {
  condition: ForeseenCondition | null;
  skip_if: ForeseenCondition[];
}

/** Works out the conditions of a step, as far as they read no more than the run is given. */
export function foreseeStep(
  plan: Plan,
  step: Step,
  { inputs, env }: Pick<TemplateContext, 'inputs' | 'env'>,
): Foreseen {
  const { condition, skip_if } = stepConditions(step);
  const values = (): ExpressionValues =>
    conditionValues(plan, { ...step, env: {} }, { inputs, env, values: BEFORE_THE_RUN });
  return {
    condition: condition === undefined ? null : foresee(condition, values),
    skip_if: skip_if.map((each) => foresee(each, values)),
  };
}

function foresee({ text, reads, ...rest }: Expression, values: () => ExpressionValues): ForeseenCondition {
  // A variable may also come from the step's own `env`, which may read what earlier steps have found.
  const known = reads.prevSteps.length + reads.run.length + reads.env.length === 0;
  if (!known) return { text, value: null };
  const result = evaluateCondition({ text, reads, ...rest }, values());
  return { text, value: result.ok ? result.value : null };
}

/** A secret that steps need, and where the worker takes it from. */
export interface NeededSecret {
  source: SecretSource;
  /** The names by which steps know it. */
  names: string[];
  steps: string[];
}

/** The secrets of the steps that are selected, each source once. */
export function neededSecrets(steps: readonly Step[]): NeededSecret[] {
  const needed = new Map<string, NeededSecret>();
  for (const { id, secrets } of steps) {
    for (const [name, source] of Object.entries(secrets)) {
      const key = JSON.stringify([source.env, source.file, source.command]);
      const known = needed.get(key) ?? { source, names: [], steps: [] };
      needed.set(key, known);
      if (!known.names.includes(name)) known.names.push(name);
      known.steps.push(id);
    }
  }
  return [...needed.values()];
}
