import { isMap } from '../problems/paths.js';
import type { Plan } from '../model/plan.js';

/** A step of a document that may be wrong anywhere. Its place in the list is that of the step in the checked plan. */
export interface SourceEntry {
  /** Absent where what stands there is no map. */
  step?: Record<string, unknown>;
  path: readonly PropertyKey[];
  finally: boolean;
}

/** All steps of a document: those of `steps`, then those of `finally`. */
export function sourceSteps(source: Record<string, unknown>): SourceEntry[] {
  return (['steps', 'finally'] as const).flatMap((list) => {
    const steps: unknown = source[list];
    if (!Array.isArray(steps)) return [];
    return (steps as unknown[]).map((step, index): SourceEntry => {
      return { ...(isMap(step) ? { step } : {}), path: [list, index], finally: list === 'finally' };
    });
  });
}

/** How many of a checked plan's steps stand in `steps`; the ones behind them stand in `finally`. */
export function countMainSteps(plan: Plan): number {
  const first = plan.steps.findIndex((step) => step.finally);
  return first < 0 ? plan.steps.length : first;
}

/** Where the step at a position of a checked plan is written. */
export function stepPath(position: number, mainCount: number): PropertyKey[] {
  return position < mainCount ? ['steps', position] : ['finally', position - mainCount];
}
