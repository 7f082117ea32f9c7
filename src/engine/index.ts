export { decide, startRun, type Beginning, type Settled } from './decide.js';
export { refusal } from './operator.js';
export type { EngineCommand, EngineEvent, EngineTimer, OperatorRequest, Said } from './messages.js';
export {
  isEnd,
  isRunEnd,
  type LockWait,
  type Park,
  type Program,
  type RunState,
  type StartVerdict,
  type StepState,
} from './state.js';
export { restore, snapshot } from './snapshot.js';
export type { AgentSummary, FailedAttempt, StepReport } from '../contract/step-result.js';
export { toolOf } from './tool.js';
export type { RunStatus } from '../contract/statuses.js';
