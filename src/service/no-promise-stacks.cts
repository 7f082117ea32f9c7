/*
 * Loaded first into every thread of the embedded worker (`--require`), for the one that its workflows are in.
 *
 * There the SDK has V8 call it at the birth and the end of every promise, to be able to tell what a run waits for
 * (`__stack_trace`). It keeps no stacks without ORCH_DEBUG (src/worker/bundle.ts), but the calls alone take a third of all that
 * workflow code computes, and of each replay. Where V8 offers no such hooks the SDK does without; here it is told that it
 * has them.
 */
import v8 = require('node:v8');
import threads = require('node:worker_threads');

const hooks: { createHook: typeof v8.promiseHooks.createHook } = v8.promiseHooks;

if (!threads.isMainThread && !process.env['ORCH_DEBUG']) hooks.createHook = () => () => {};
