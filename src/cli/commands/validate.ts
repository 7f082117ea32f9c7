import type { Diagnostic } from '../../plan/types.js';
import { EXIT, type CliContext } from '../context.js';
import { checkPlanFile, type PlanFileResult } from '../load-plan.js';
import { showDiagnostics } from '../show-diagnostics.js';

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
    if (!flags.json) await show(context, file, result);
  }
  if (flags.json) context.out(`${JSON.stringify({ valid, diagnostics: all }, null, 2)}\n`);
  return valid ? EXIT.succeeded : EXIT.usage;
}

function diagnosticsOf(result: PlanFileResult): readonly Diagnostic[] {
  return result.ok ? result.value.diagnostics : result.diagnostics;
}

async function show(context: CliContext, file: string, result: PlanFileResult): Promise<void> {
  const diagnostics = diagnosticsOf(result);
  const { texts } = result.ok ? result.value : result;
  if (diagnostics.length > 0) await showDiagnostics(context, diagnostics, texts);
  if (!result.ok) return;
  const { plan, subPlans } = result.value;
  const counts = [count(plan.steps.length, 'step'), ...(subPlans.size === 0 ? [] : [count(subPlans.size, 'sub-plan')])];
  context.out(`${file}: valid (${plan.plan_id}, ${counts.join(', ')})\n`);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
