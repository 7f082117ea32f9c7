/*
 * Loaded first into every thread of the embedded worker (`--require`), for the one that its workflows are in: it takes two
 * things off the SDK's hands that cost more there than what workflow code computes.
 *
 * - The SDK has V8 call it at the birth and the end of every promise, to be able to tell what a run waits for
 *   (`__stack_trace`). It keeps no stacks without ORCH_DEBUG (src/worker/bundle.ts), but the calls alone took a third of a
 *   replay. Where V8 offers no such hooks the SDK does without; here it is told that it has them.
 * - It calls into the sandbox with a time limit, for which Node starts a thread each time: seven for a step. Here the main
 *   thread looks every now and then. A call beyond its limit ends the worker, as it did; who starts the next one finds out
 *   which run it was (src/worker/park-killers.ts).
 */
import v8 = require('node:v8');
import vm = require('node:vm');
import threads = require('node:worker_threads');

/** Where the threads agree on when the call must have ended that is under way: seconds of the process, or 0. */
const KEY = 'orch:sandbox-deadline';

/** Milliseconds between two looks. */
const LOOK_MS = 2_000;

if (threads.isMainThread) watch();
else {
  if (!process.env['ORCH_DEBUG']) withoutHooks(v8.promiseHooks);
  const deadline = threads.getEnvironmentData(KEY);
  if (deadline instanceof SharedArrayBuffer) timed(vm.Script.prototype, new Int32Array(deadline));
}

/** Node follows promises by the same function, for `AsyncLocalStorage`, and also says what comes before and after. */
function withoutHooks(hooks: Pick<typeof v8.promiseHooks, 'createHook'>): void {
  const { createHook } = hooks;
  hooks.createHook = (given) => (given.before || given.after ? createHook(given) : () => {});
}

/** Has calls with a time limit say when they must have ended, instead of a thread for each that waits for it. */
function timed(script: vm.Script, deadline: Int32Array): void {
  const run: vm.Script['runInContext'] = Reflect.get(script, 'runInContext');
  script.runInContext = function (context, options) {
    const { timeout, ...others } = options ?? {};
    if (timeout === undefined) return run.call(this, context, options);
    Atomics.store(deadline, 0, Math.ceil(process.uptime() + timeout / 1000));
    try {
      return run.call(this, context, others);
    } finally {
      Atomics.store(deadline, 0, 0);
    }
  };
}

function watch(): void {
  const deadline = new Int32Array(new SharedArrayBuffer(4));
  threads.setEnvironmentData(KEY, deadline.buffer);
  let late = 0;
  setInterval(() => {
    const due = Atomics.load(deadline, 0);
    const isLate = due > 0 && process.uptime() > due;
    // A process that was stopped for a while finds itself late at the first look.
    if (isLate && due === late) end();
    late = isLate ? due : 0;
  }, LOOK_MS).unref();
}

/** Nothing of this process can be relied on any more: a thread that computes hears of no exit. */
function end(): void {
  process.stderr.write('Workflow code has computed for longer than it may: the worker ends itself\n');
  process.kill(process.pid, 'SIGKILL');
}
