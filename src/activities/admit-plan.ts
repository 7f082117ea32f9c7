import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PlanVerdict } from '../contract/activities.js';
import type { PlanSources } from '../plan/files/check-set.js';
import { planVerdict } from './plan-verdict.js';

/** Characters of plans from which on a check takes so long that the heartbeats of other steps would wait for it. */
const LARGE = 64 * 1024;

/** Checks the plans that a run was started with, large ones in a thread of their own. */
export async function admitPlan(sources: PlanSources): Promise<PlanVerdict> {
  if (JSON.stringify(sources).length < LARGE) return planVerdict(sources);
  const thread = new Worker(new URL('admit-plan-thread.js', import.meta.url), { workerData: sources });
  try {
    const [verdict] = (await once(thread, 'message')) as [PlanVerdict];
    return verdict;
  } finally {
    await thread.terminate();
  }
}
