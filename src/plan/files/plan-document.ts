import type { checkPlan } from '../check/check-plan.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { PlanReference } from './plan-references.js';

/** A document of a set of plans, with what its check said. */
export interface PlanDocument {
  /** The name that it is kept by. */
  path: string;
  source: unknown;
  checked: ReturnType<typeof checkPlan>;
  references: readonly PlanReference[];
}

/** Why there is no document of a name. */
export type AbsentPlans = ReadonlyMap<string, Pick<Diagnostic, 'code' | 'message' | 'hint'>>;

/** Says which file a diagnostic is about; a plan that came from none has no name. */
export function inFile<T extends object>(diagnostic: T, path: string): T & { file?: string } {
  return path === '' ? diagnostic : { ...diagnostic, file: path };
}
