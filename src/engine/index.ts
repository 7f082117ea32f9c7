export { decide, startRun, type Beginning, type Settled } from './decide.js';
export { explain } from './explain.js';
export { lockWaitText } from './lock-wait.js';
export { refusal } from './operator.js';
export type { EngineCommand, EngineEvent, EngineTimer, OperatorRequest, Said } from './messages.js';
export {
  createState,
  isEnd,
  isRunEnd,
  type AgentSummary,
  type FailedAttempt,
  type Park,
  type Program,
  type RunState,
  type StartVerdict,
  type StepReport,
  type StepState,
} from './state.js';
export type { RunStatus } from './types.js';
