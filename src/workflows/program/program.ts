import type { RunInput } from '../../contract/run-input.js';
import type { Program, RunState, StartVerdict } from '../../engine/index.js';
import type { Graph } from '../../plan/graph/graph.js';
import {
  evaluateCondition,
  textForNumber,
  type Expression,
  type ExpressionValues,
} from '../../plan/expressions/index.js';
import { stepConditions } from '../../plan/templates/step-expressions.js';
import { conditionValues } from '../../plan/templates/expand-step.js';
import type { Plan, Step } from '../../plan/model/plan.js';
import type { Temporal } from '../temporal/temporal.js';
import { createAllowance } from './pacing.js';
import { stepValues } from './step-values.js';
import { defined } from '../../basics/defined.js';

/** A program, with what its expressions may cost in one workflow task. */
export interface RunProgram extends Program {
  allowance?: ReturnType<typeof createAllowance>;
}

/** The program of a run: its plan and graph, and its conditions, which read what the run was started with. */
export function createProgram<T extends { plan: Plan; graph: Graph }>(
  temporal: Temporal,
  checked: T,
  input: RunInput,
  runId: string,
): T & RunProgram {
  const program: T & RunProgram = {
    ...checked,
    // Runs of before were not bounded, and must decide again as they did.
    ...(input.engine_version >= 2 && { allowance: createAllowance(temporal) }),
    mayStart(state, index) {
      const step = program.plan.steps[index]!;
      if (step.condition === undefined && step.skip_if.length === 0) return { start: true };
      return verdictOf(step, (owner) => valuesFor(program, state, input, runId, owner));
    },
  };
  return program;
}

/** What expressions of a run are worked out from, besides the environment of a step. */
export function runValues(
  program: RunProgram,
  state: RunState,
  runId: string,
): Pick<ExpressionValues, 'prev' | 'run' | 'allowance'> {
  const { allowance } = program;
  return {
    prev: stepValues(program, state),
    run: { id: runId, attempt: 1 },
    ...defined({ allowance }),
  };
}

/**
 * A step as it stands before it has an item: its list and its conditions are looked at once, and its own `env`, which
 * may hold the item, is not there yet.
 */
export function onceForAll(step: Step): Step {
  return step.foreach === undefined ? step : { ...step, env: {} };
}

function valuesFor(program: RunProgram, state: RunState, input: RunInput, runId: string, step: Step): ExpressionValues {
  return conditionValues(program.plan, onceForAll(step), {
    inputs: input.inputs,
    env: input.env,
    values: runValues(program, state, runId),
  });
}

/** `skip_if` first, then `condition`; one that fails fails the step. */
function verdictOf(step: Step, valuesOf: (step: Step) => ExpressionValues): StartVerdict {
  try {
    const values = valuesOf(step);
    const { skip_if, condition } = stepConditions(step);
    for (const expression of skip_if) {
      if (holds(expression, values)) return { start: false, reason: 'skip_if', message: expression.text };
    }
    if (condition !== undefined && !holds(condition, values)) {
      const note = textForNumber(condition, values);
      const message = note === undefined ? condition.text : `${condition.text} (${note})`;
      return { start: false, reason: 'condition_false', message };
    }
    return { start: true };
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { start: false, reason: 'expression_error', message };
  }
}

function holds(expression: Expression, values: ExpressionValues): boolean {
  const result = evaluateCondition(expression, values);
  if (result.ok) return result.value;
  const error = new Error(`${expression.text}: ${result.message}`);
  error.name = 'ExpressionError';
  throw error;
}
