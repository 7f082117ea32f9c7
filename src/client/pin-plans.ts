import { createHash } from 'node:crypto';
import type { PinnedPlan } from '../contract/run-input.js';
import { planReferences } from '../plan/files/plan-references.js';
import type { PlanSources } from '../plan/files/check-set.js';

/** The sub-plans as a run keeps them, each with its digest; later edits of their files change nothing. */
export function pinPlans(sources: PlanSources, paths: Iterable<string>): Record<string, PinnedPlan> {
  const digestOf = digester(sources);
  return Object.fromEntries([...paths].map((path) => [path, { plan: sources.plans?.[path], digest: digestOf(path) }]));
}

/**
 * SHA-256 of a plan's content and of that of its sub-plans, hex; the same for JSON and YAML that say the same in the
 * same order.
 */
export function planDigest(sources: PlanSources): string {
  return digester(sources)(sources.path ?? '');
}

/** Each plan is hashed once. A plan that comes to run itself, which the check refuses, ends the way down. */
function digester({ source, path = '', plans = {} }: PlanSources): (path: string) => string {
  const known = new Map<string, string>();
  const digestOf = (name: string): string => {
    const before = known.get(name);
    if (before !== undefined) return before;
    known.set(name, '');
    const document = name === path ? source : plans[name];
    const targets = [...new Set(planReferences(document, name).map(({ target }) => target))];
    const content = targets.length === 0 ? document : [document, targets.map(digestOf)];
    const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
    known.set(name, digest);
    return digest;
  };
  return digestOf;
}
