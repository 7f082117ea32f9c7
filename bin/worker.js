// The embedded service's worker, which src/service starts.
'use strict';
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { runToStay } = require('./compiled.js');

const WORKER = path.join(__dirname, '..', 'dist', 'bin', 'worker.cjs');
const THREAD = path.join(__dirname, 'workflow-thread.js');

/** Of the workflows. It takes as long to begin as the worker does, so both begin at once. */
let early = new Worker(THREAD);
early.unref(); // a worker that cannot begin ends

runToStay(WORKER, { workflowThread });

/** What the SDK uses in place of `new Worker`; see scripts/bundle-worker.mjs. */
function workflowThread() {
  const thread = early ?? new Worker(THREAD);
  early = undefined;
  thread.ref();
  return thread;
}
