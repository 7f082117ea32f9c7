// Entry of the thread that checks a large plan.
import { parentPort, workerData } from 'node:worker_threads';
import type { PlanSources } from '../plan/files/check-set.js';
import { planVerdict } from './plan-verdict.js';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
parentPort!.postMessage(planVerdict(workerData as PlanSources));
