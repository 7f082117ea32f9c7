import { gzipSync } from 'node:zlib';
import type { CompactVerdict, PlanVerdict } from '../contract/activities.js';
import { compactPlan, type CompactPlan } from '../contract/compact-plan.js';
import { checkPlanSet, type PlanSources } from '../plan/files/check-set.js';
import type { Diagnostic } from '../plan/model/diagnostic.js';

/** Temporal refuses what has 2 MB; the seal, and what else stands in the event, need some room. */
const MAX_BYTES = 1_900_000;
/** Diagnostics that a run is ended with. */
const MOST_TOLD = 100;

/** Checks the plans that a run was started with. What it answers, the run goes by for good. */
export function planVerdict(sources: PlanSources): PlanVerdict {
  const checked = checkPlanSet(sources);
  if (!checked.ok) return { ok: false, diagnostics: checked.error.slice(0, MOST_TOLD) };
  const { plan, plans } = checked.value;
  const verdict: PlanVerdict = { ok: true, plan, plans: [...plans] };
  const text = JSON.stringify(verdict);
  if (Buffer.byteLength(text) <= MAX_BYTES) return verdict;
  const bytes = gzipSync(text).length;
  return bytes <= MAX_BYTES ? verdict : { ok: false, diagnostics: [tooLarge(bytes)] };
}

/** The same, with a short answer that is read against the plans' documents. */
export function compactVerdict(sources: PlanSources): CompactVerdict {
  const checked = checkPlanSet(sources);
  if (!checked.ok) return { ok: false, diagnostics: checked.error.slice(0, MOST_TOLD) };
  const plan = compactPlan(sources.source, checked.value.plan);
  const plans = [...checked.value.plans].map(([path, each]): [string, CompactPlan] => [
    path,
    compactPlan(sources.plans?.[path], each),
  ]);
  const bytes = gzipSync(JSON.stringify({ plan, plans })).length;
  if (bytes > MAX_BYTES) return { ok: false, diagnostics: [tooLarge(bytes)] };
  const packed = gzipSync(JSON.stringify({ plan, plans, sources })).length;
  return { ok: true, plans: { plan, plans, packed } };
}

function tooLarge(bytes: number): Diagnostic {
  return {
    code: 'plan_too_large',
    severity: 'error',
    message: `the plan and its sub-plans are ${bytes} bytes compressed; at most ${MAX_BYTES} fit`,
    hint: 'move large texts into files that the steps read',
  };
}
