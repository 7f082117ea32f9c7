import type { LoadedPlanSet, PlanTexts } from '../plan/load-set.js';
import type { Diagnostic } from '../plan/types.js';
import type { CliContext } from './context.js';
import { DiagnosticsError } from './errors.js';
import { showDiagnostics } from './show-diagnostics.js';

/** A plan that was read and checked with its sub-plans, and the texts they came from. */
export interface PlanFile extends LoadedPlanSet {
  file: string;
  texts: PlanTexts;
}

/** What reading and checking a plan file gives: the plan, or why there is none. */
export type PlanFileResult =
  | { ok: true; value: PlanFile }
  | { ok: false; diagnostics: readonly Diagnostic[]; texts: PlanTexts };

/** Reads and checks a plan file; problems are part of the result. */
export async function checkPlanFile(context: CliContext, file: string, strict = false): Promise<PlanFileResult> {
  const { readPlanFiles } = await import('../client/plan-files.js');
  const { loaded, texts } = await readPlanFiles(file, { cwd: context.cwd, strict });
  if (!loaded.ok) return { ok: false, diagnostics: loaded.error, texts };
  return { ok: true, value: { ...loaded.value, file, texts } };
}

/**
 * Reads and checks a plan file; shows its warnings.
 *
 * @throws DiagnosticsError where it is no valid plan.
 */
export async function loadPlanFile(context: CliContext, file: string, strict = false): Promise<PlanFile> {
  const result = await checkPlanFile(context, file, strict);
  if (!result.ok) throw new DiagnosticsError(result.diagnostics, result.texts);
  const { diagnostics, texts } = result.value;
  if (diagnostics.length > 0) await showDiagnostics(context, diagnostics, texts);
  return result.value;
}
