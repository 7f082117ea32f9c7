import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CompactVerdict, PlanVerdict } from '../contract/activities.js';
import { defined } from '../basics/defined.js';
import type { PlanSources } from '../plan/files/check-set.js';
import { compactVerdict, planVerdict } from './plan-verdict.js';

/** Characters of plans from which on a check takes so long that the heartbeats of other steps would wait for it. */
const LARGE = 64 * 1024;

/** Checks the plans that a run was started with, large ones in a thread of their own. */
export async function admitPlan(sources: PlanSources, signal?: AbortSignal): Promise<PlanVerdict> {
  return isLarge(sources) ? inThread<PlanVerdict>({ sources, compact: false }, signal) : planVerdict(sources);
}

/** The same, with a short answer. */
export async function admitPlans(sources: PlanSources, signal?: AbortSignal): Promise<CompactVerdict> {
  return isLarge(sources) ? inThread<CompactVerdict>({ sources, compact: true }, signal) : compactVerdict(sources);
}

/** What the thread is asked. */
export interface AdmitQuestion {
  sources: PlanSources;
  compact: boolean;
}

function isLarge(sources: PlanSources): boolean {
  return JSON.stringify(sources).length >= LARGE;
}

/** @param signal ends it: nobody waits for the answer any more, and another check may have begun */
async function inThread<T>(question: AdmitQuestion, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted();
  const thread = new Worker(new URL('admit-plan-thread.js', import.meta.url), { workerData: question });
  try {
    const [verdict] = (await once(thread, 'message', defined({ signal }))) as [T];
    return verdict;
  } catch (error) {
    signal?.throwIfAborted(); // with its own reason
    throw error;
  } finally {
    await thread.terminate();
  }
}
