export { inspectTry } from './inspect.js';
export { endLeftovers } from './leftovers.js';
export { reap } from './reap.js';
export { runDurable } from './run-durable.js';
export { sweepTries, type Try } from './sweep.js';
export {
  MARK_VARIABLE,
  type DurableControls,
  type DurableEnd,
  type DurableSpec,
  type Exited,
  type Started,
  type StopReason,
} from './types.js';
