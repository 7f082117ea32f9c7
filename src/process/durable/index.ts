export { inspectTry, type TryInfo } from './inspect.js';
export { reap } from './reap.js';
export { runDurable } from './run-durable.js';
export { sweepTries, type SweepOptions, type Try } from './sweep.js';
export {
  MARK_VARIABLE,
  type Closed,
  type Detached,
  type DurableControls,
  type DurableEnd,
  type DurableSpec,
  type Exited,
  type Lost,
  type Started,
  type StopReason,
} from './types.js';
