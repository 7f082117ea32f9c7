import { acceptedPlan, checkPlan } from '../check/check-plan.js';
import type { Diagnostic, Result } from '../model/diagnostic.js';
import { inFile, type AbsentPlans, type PlanDocument } from './plan-document.js';
import { planReferences } from './plan-references.js';
import { checkReferences } from './sub-plan-rules.js';
import type { Plan } from '../model/plan.js';

/** Levels of sub-plans below a plan. */
export const MAX_PLAN_DEPTH = 10;
/** Sub-plans of a plan, each counted once. */
export const MAX_SUB_PLANS = 1000;

/** A plan with the plans that it runs as steps, as plain data. */
export interface PlanSources {
  source: unknown;
  /** The name of its own file as sub-plans would name it; absent for one that came from no file. */
  path?: string;
  /** The documents of all sub-plans, each by its path from the folder of the first plan; those of sub-plans too. */
  plans?: Readonly<Record<string, unknown>>;
}

/** A plan and its sub-plans, checked. */
export interface PlanSet {
  plan: Plan;
  path: string;
  /** Each sub-plan once, by its path, in the order in which they are named. */
  plans: ReadonlyMap<string, Plan>;
}

/**
 * Checks a plan together with its sub-plans: each by itself, and what they ask of each other. Needs no file system, so
 * a workflow can do it too.
 *
 * @param absent why documents are missing, where somebody looked for them
 * @returns the plans, or everything that is wrong with them; `file` of a diagnostic is the path of its plan
 */
export function checkPlanSet(
  sources: PlanSources,
  absent: AbsentPlans = new Map(),
): Result<PlanSet & { warnings: Diagnostic[] }, Diagnostic[]> {
  const [root, ...others] = openDocuments(sources);
  const documents = new Map([root!, ...others].map((document) => [document.path, document]));
  const found = [...documents.values()].flatMap(({ path, checked }) =>
    (checked.ok ? checked.value.warnings : checked.error).map((each) => inFile(each, path)),
  );
  if (root!.references.length > 0) found.push(...checkReferences(documents, absent, MAX_PLAN_DEPTH));
  if (!root!.checked.ok || found.some((each) => each.severity === 'error')) return { ok: false, error: found };
  const plans = others.flatMap(({ path, checked }) => (checked.ok ? [[path, checked.value.plan] as const] : []));
  const { plan } = root!.checked.value;
  return { ok: true, value: { plan, path: root!.path, plans: new Map(plans), warnings: found } };
}

/** The same without a check, for plans that were found good when their run began: see {@link acceptedPlan}. */
export function acceptedPlanSet(sources: PlanSources): PlanSet {
  const { source, path = '' } = sources;
  const plans = Object.entries(plansBelow(sources)).map(([name, document]) => [name, acceptedPlan(document)] as const);
  return { plan: acceptedPlan(source), path, plans: new Map(plans) };
}

/**
 * The documents of a plan and of the sub-plans that it comes to run, by their paths; what nobody names is left out.
 *
 * @param path the plan's own name; it is one of `plans`, or `source` stands for it
 */
export function plansBelow({ source, path = '', plans = {} }: PlanSources): Record<string, unknown> {
  const found = new Map<string, unknown>([[path, source]]);
  for (const [from, document] of found) {
    for (const { target } of planReferences(document, from)) {
      if (!found.has(target) && Object.hasOwn(plans, target)) found.set(target, plans[target]);
    }
  }
  found.delete(path);
  return Object.fromEntries(found);
}

function openDocuments(sources: PlanSources): PlanDocument[] {
  const { source, path = '' } = sources;
  return [[path, source] as const, ...Object.entries(plansBelow(sources))]
    .slice(0, MAX_SUB_PLANS + 1)
    .map(([name, document]) => ({
      path: name,
      source: document,
      checked: checkPlan(document),
      references: planReferences(document, name),
    }));
}
