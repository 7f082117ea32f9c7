import type { Program, RunState } from '../../engine/index.js';
import type { StepValues } from '../../plan/expressions/index.js';
import { defined } from '../../basics/defined.js';

/**
 * The steps of a run as expressions see them, by id. Worked out when they are read: an expression reads a few, and a
 * plan may have thousands.
 */
export function stepValues(program: Program, state: RunState): Readonly<Record<string, StepValues>> {
  return new Proxy<Record<string, StepValues>>(Object.create(null) as Record<string, StepValues>, {
    get: (_, id) => valuesOf(program, state, id),
    has: (_, id) => typeof id === 'string' && program.graph.index.has(id),
    getOwnPropertyDescriptor(_, id) {
      const value = valuesOf(program, state, id);
      return value === undefined ? undefined : { value, configurable: true, enumerable: true, writable: false };
    },
  });
}

function valuesOf(program: Program, state: RunState, id: string | symbol): StepValues | undefined {
  const index = typeof id === 'string' ? program.graph.index.get(id) : undefined;
  if (index === undefined) return undefined;
  const { status, report, startedAt, finishedAt } = state.steps[index]!;
  return {
    status,
    ...defined({ exit_code: report?.exit_code }),
    outputs: outputsOf(program, state, index),
    attempts: report?.attempts ?? 0,
    ...(startedAt === undefined || finishedAt === undefined ? {} : { duration_sec: (finishedAt - startedAt) / 1000 }),
  };
}

/** Where a fallback made up for a step, its outputs are the step's. */
function outputsOf(program: Program, state: RunState, index: number): StepValues['outputs'] {
  const step = state.steps[index]!;
  const fallback = program.graph.fallbacks[index];
  if (step.recovered === true && fallback !== undefined) return outputsOf(program, state, fallback);
  return step.report?.outputs ?? {};
}
