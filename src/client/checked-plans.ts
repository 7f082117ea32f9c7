import { checkPlanSet, type PlanSources } from '../plan/files/check-set.js';
import { buildGraph, type Graph } from '../plan/graph/graph.js';
import type { Diagnostic, Result } from '../plan/model/diagnostic.js';
import type { Plan } from '../plan/model/plan.js';
import { planDigest } from './pin-plans.js';

/** A plan and its sub-plans that were checked, and what says that they are the ones: their digest. */
export interface CheckedPlans {
  /** SHA-256 of all documents, hex. */
  digest: string;
  /** With its defaults. */
  plan: Plan;
  /** Those that it comes to run as steps, by path. */
  subPlans: ReadonlyMap<string, Plan>;
  graph: Graph;
  /** What is doubtful in them, and no error. */
  warnings: readonly Diagnostic[];
}

/**
 * Checks a plan with its sub-plans. It is the most costly part of a start, so what it gives goes along with the plan.
 *
 * @param before what an earlier check gave: it holds where the documents are still the same
 */
export function checkPlans(sources: PlanSources, before?: CheckedPlans): Result<CheckedPlans, Diagnostic[]> {
  const isThere = before !== undefined && sources.source !== undefined;
  if (isThere && before.digest === planDigest(sources)) return { ok: true, value: before };
  const checked = checkPlanSet(sources);
  if (!checked.ok) return checked;
  const { plan, plans: subPlans, warnings } = checked.value;
  return { ok: true, value: { digest: planDigest(sources), plan, subPlans, graph: buildGraph(plan), warnings } };
}
