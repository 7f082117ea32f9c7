import type { Diagnostic } from '../model/diagnostic.js';
import type { Json } from '../model/values.js';
import { inFile } from './plan-document.js';
import { resolvePlanPath } from './plan-path.js';
import type { PlanSet } from './check-set.js';
import { missingNames } from '../templates/expand-step.js';
import type { Plan } from '../model/plan.js';

/**
 * The names that the templates of sub-plans would not find. Each use of a plan is looked at by itself: what it is given
 * as inputs and by `env` differs.
 *
 * @param env what the run takes along
 */
export function missingNamesBelow({ plan, path, plans }: PlanSet, env: Readonly<Record<string, string>>): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  const seen = new Set<string>();
  const visit = (parent: Plan, from: string, taken: Readonly<Record<string, string>>): void => {
    for (const step of parent.steps) {
      if (step.action.type !== 'plan') continue;
      const target = resolvePlanPath(from, step.action.plan);
      const child = plans.get(target);
      if (child === undefined) continue;
      const inputs = known(child, step.action.inputs);
      const below = { ...taken, ...step.env };
      const use = JSON.stringify([target, Object.keys(inputs).sort(), Object.keys(below).sort()]);
      if (seen.has(use)) continue;
      seen.add(use);
      for (const each of missingNames(child, { inputs, env: below })) {
        found.set(JSON.stringify([target, each.path, each.message]), placed(each, target));
      }
      visit(child, target, below);
    }
  };
  visit(plan, path, env);
  return [...found.values()];
}

/** The inputs that will have a value. */
function known(plan: Plan, given: Readonly<Record<string, Json>>): Record<string, Json> {
  const names = Object.entries(plan.inputs).flatMap(([name, spec]) =>
    (Object.hasOwn(given, name) && given[name] !== null) || spec.default !== undefined ? [name] : [],
  );
  return Object.fromEntries(names.map((name) => [name, '']));
}

function placed(diagnostic: Diagnostic, path: string): Diagnostic {
  const related = diagnostic.related?.map((place) => inFile(place, path));
  return inFile(related === undefined ? diagnostic : { ...diagnostic, related }, path);
}
