import { loadPlanText } from '../../src/plan/index.js';
import type { Diagnostic, Plan } from '../../src/plan/index.js';

/** A plan of these steps, in YAML. */
export function planOf(steps: string, more = ''): string {
  return `plan_id: demo\nversion: "1.0"\n${more}steps:\n${steps}`;
}

/** Loads a plan that must be valid. */
export function load(text: string): Plan {
  const loaded = loadPlanText(text);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error, null, 2));
  return loaded.value.plan;
}

/** Loads a plan that must be refused. */
export function refuse(text: string | Uint8Array, file?: string): Diagnostic[] {
  const loaded = loadPlanText(text, file === undefined ? {} : { file });
  if (loaded.ok) throw new Error('the plan was let pass');
  return loaded.error;
}

/** `line:column code path`, the short form that tables compare. */
export function brief(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map((each) => `${each.line}:${each.column} ${each.code} ${each.path ?? '-'}`);
}
