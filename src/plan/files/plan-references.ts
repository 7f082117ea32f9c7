import { isMap } from '../problems/paths.js';
import { resolvePlanPath } from './plan-path.js';
import { sourceSteps } from '../document/source-steps.js';

/** A step of a document that runs another plan. */
export interface PlanReference {
  step: string;
  /** The file as the document names it. */
  written: string;
  /** The name that its plan is kept by. */
  target: string;
  /** Where the file is named. */
  path: readonly PropertyKey[];
  /** What the step gives, and where it says so. */
  inputs: Readonly<Record<string, unknown>>;
  inputsPath: readonly PropertyKey[];
}

/** The sub-plans that a document names, which may be wrong anywhere. `from` is the name that it is kept by. */
export function planReferences(source: unknown, from: string): PlanReference[] {
  if (!isMap(source)) return [];
  return sourceSteps(source).flatMap(({ step, path }) => {
    const def = step?.['step_def'];
    if (!isMap(def) || def['type'] !== 'plan' || typeof def['plan'] !== 'string' || def['plan'] === '') return [];
    const inputs = def['inputs'];
    const inputsPath = [...path, 'step_def', 'inputs'];
    return [
      {
        step: String(step!['id']),
        written: def['plan'],
        target: resolvePlanPath(from, def['plan']),
        path: [...path, 'step_def', 'plan'],
        inputs: isMap(inputs) ? inputs : {},
        inputsPath: isMap(inputs) ? inputsPath : [...path, 'step_def', 'plan'],
      },
    ];
  });
}
