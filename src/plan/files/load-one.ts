import { checkPlan } from '../check/check-plan.js';
import { buildGraph, type Graph } from '../graph/graph.js';
import { byPlace, cut, openText } from '../document/open-text.js';
import { asPlan } from './open-file.js';
import type { Diagnostic, Result } from '../model/diagnostic.js';
import { numberTexts } from '../templates/number-texts.js';
import { secretLooks } from '../templates/secret-looks.js';
import type { Plan } from '../model/plan.js';

/** A plan that was read and checked. */
export interface LoadedPlan {
  /** The document as plain JSON data: what a run is started with. */
  source: unknown;
  plan: Plan;
  graph: Graph;
  /** Warnings, in the order of their places. */
  diagnostics: Diagnostic[];
}

export interface LoadOptions {
  /** Name of the file for diagnostics; `.json` and `.yaml` decide about the format where the text does not. */
  file?: string;
  /** Takes every warning for an error. */
  strict?: boolean;
}

/**
 * Reads and checks a plan, JSON or YAML. The plans that it runs as steps are not looked at: see `loadPlanSet`.
 *
 * @param text the file's content; bytes must be UTF-8
 * @returns the plan, or everything that is wrong with it, each with file, line and column, in the order of places
 * @example
 * const loaded = loadPlanText(readFileSync('plan.yaml'), { file: 'plan.yaml' });
 * if (!loaded.ok) console.error(renderDiagnostics(loaded.error));
 */
export function loadPlanText(text: string | Uint8Array, options: LoadOptions = {}): Result<LoadedPlan, Diagnostic[]> {
  const read = openText(text, options.file);
  if ('faults' in read) return { ok: false, error: read.faults };
  const opened = asPlan(read.opened);
  const checked = checkPlan(opened.value);
  const found = [
    ...(checked.ok ? checked.value.warnings : checked.error),
    ...secretLooks(opened.value),
    ...numberTexts(opened.value, opened.textAt),
  ];
  const placed = found.map((each) => opened.place(each)).sort(byPlace);
  const diagnostics = options.strict ? placed.map((each) => ({ ...each, severity: 'error' as const })) : placed;
  if (!checked.ok || (options.strict && diagnostics.length > 0)) return { ok: false, error: cut(diagnostics) };
  const { plan } = checked.value;
  return { ok: true, value: { source: opened.value, plan, graph: buildGraph(plan), diagnostics: cut(diagnostics) } };
}

/**
 * Gives diagnostics that were found later (a missing name, say) their places in the text of the plan that they are
 * about, by their paths. Those without a path, and all of a text that cannot be read, are returned as they are.
 */
export function attachPlaces(diagnostics: readonly Diagnostic[], text: string, file?: string): Diagnostic[] {
  const read = openText(text, file);
  if ('faults' in read) return [...diagnostics];
  const pathless = diagnostics.filter((each) => each.path === undefined);
  const others = diagnostics.filter((each) => each.path !== undefined);
  return [...others.map((each) => read.opened.place(each)).sort(byPlace), ...pathless];
}
