import type { Diagnostic } from '../../plan/types.js';
import { renderDiagnostics } from '../../plan/render.js';
import { EXIT, type CliContext } from '../context.js';
import { checkPlanFile, type PlanFileResult } from '../load-plan.js';

/** `orch validate PLAN…`: exits 2 when any of them is invalid. */
export async function validate(
  context: CliContext,
  files: readonly string[],
  flags: { strict?: boolean; json?: boolean },
): Promise<number> {
  let valid = true;
  const all: Diagnostic[] = [];
  for (const file of files) {
    const result = await checkPlanFile(context, file, flags.strict);
    valid &&= result.ok;
    all.push(...diagnosticsOf(result));
    if (!flags.json) show(context, file, result);
  }
  if (flags.json) context.out(`${JSON.stringify({ valid, diagnostics: all }, null, 2)}\n`);
  return valid ? EXIT.succeeded : EXIT.usage;
}

function diagnosticsOf(result: PlanFileResult): readonly Diagnostic[] {
  return result.ok ? result.value.diagnostics : result.diagnostics;
}

function show(context: CliContext, file: string, result: PlanFileResult): void {
  const diagnostics = diagnosticsOf(result);
  const text = result.ok ? result.value.text : result.text;
  if (diagnostics.length > 0) {
    context.note(`${renderDiagnostics(diagnostics, text, context.colors.isColorSupported)}\n`);
  }
  if (!result.ok) return;
  const { plan } = result.value;
  context.out(`${file}: valid (${plan.plan_id}, ${plan.steps.length} ${plan.steps.length === 1 ? 'step' : 'steps'})\n`);
}
