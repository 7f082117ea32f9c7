export { decide, startRun, type Beginning, type Settled } from './decide.js';
export { refusal } from './operator.js';
export type { EngineCommand, EngineEvent, EngineTimer, OperatorRequest, Said } from './messages.js';
export {
  isEnd,
  isRunEnd,
  type AgentSummary,
  type LockWait,
  type FailedAttempt,
  type Park,
  type Program,
  type RunState,
  type StartVerdict,
  type StepReport,
  type StepState,
} from './state.js';
export { toolOf } from './tool.js';
export type { RunStatus } from './types.js';
