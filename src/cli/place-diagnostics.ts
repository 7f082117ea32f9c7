import { attachPlacesInTexts } from '../plan/files/load-set.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';
import type { PlanFile } from './load-plan.js';

/** Gives the problems that were found after loading (a missing name, say) their places in the plan's files. */
export function placeDiagnostics(diagnostics: readonly Diagnostic[], plan: PlanFile): Diagnostic[] {
  return attachPlacesInTexts(diagnostics, plan.texts, plan.path, plan.convert);
}
