import type { Diagnostic } from '../plan/types.js';
import { attachPlaces } from '../plan/index.js';
import type { PlanFile } from './load-plan.js';

/** Gives the problems that were found after loading (a missing name, say) their places in the plan's file. */
export function placeDiagnostics(diagnostics: readonly Diagnostic[], plan: PlanFile): Diagnostic[] {
  return attachPlaces(diagnostics, plan.text, plan.file);
}
