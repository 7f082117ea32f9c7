import { DefaultLogger, Runtime } from '@temporalio/worker';

const INSTALLED = Symbol.for('orch.test.quiet-runtime');

/** Lets Temporal's workers in this process log errors only. Test files share the process, which can be told so once. */
export function quietRuntime(): void {
  if (Reflect.has(globalThis, INSTALLED)) return;
  Reflect.set(globalThis, INSTALLED, true);
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}
