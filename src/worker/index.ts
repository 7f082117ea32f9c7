export { connectWorker, createWorker, type WorkerSettings } from './create-worker.js';
export { WORKFLOW_BUNDLE } from './bundle.js';
