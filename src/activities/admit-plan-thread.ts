// Entry of the thread that checks a large plan.
import { parentPort, workerData } from 'node:worker_threads';
import type { AdmitQuestion } from './admit-plan.js';
import { compactVerdict, planVerdict } from './plan-verdict.js';

const { sources, compact } = workerData as AdmitQuestion;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
parentPort!.postMessage(compact ? compactVerdict(sources) : planVerdict(sources));
