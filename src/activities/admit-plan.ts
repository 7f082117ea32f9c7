import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CompactVerdict, PlanVerdict } from '../contract/activities.js';
import type { PlanSources } from '../plan/files/check-set.js';
import { compactVerdict, planVerdict } from './plan-verdict.js';

/** Characters of plans from which on a check takes so long that the heartbeats of other steps would wait for it. */
const LARGE = 64 * 1024;

/** Checks the plans that a run was started with, large ones in a thread of their own. */
export async function admitPlan(sources: PlanSources): Promise<PlanVerdict> {
  return isLarge(sources) ? inThread<PlanVerdict>({ sources, compact: false }) : planVerdict(sources);
}

/** The same, with a short answer. */
export async function admitPlans(sources: PlanSources): Promise<CompactVerdict> {
  return isLarge(sources) ? inThread<CompactVerdict>({ sources, compact: true }) : compactVerdict(sources);
}

/** What the thread is asked. */
export interface AdmitQuestion {
  sources: PlanSources;
  compact: boolean;
}

function isLarge(sources: PlanSources): boolean {
  return JSON.stringify(sources).length >= LARGE;
}

async function inThread<T>(question: AdmitQuestion): Promise<T> {
  const thread = new Worker(new URL('admit-plan-thread.js', import.meta.url), { workerData: question });
  try {
    const [verdict] = (await once(thread, 'message')) as [T];
    return verdict;
  } finally {
    await thread.terminate();
  }
}
