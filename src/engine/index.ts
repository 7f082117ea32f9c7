export { decide, startRun, type Beginning, type Settled } from './decide.js';
export { explain } from './explain.js';
export { lockWaitText } from './lock-wait.js';
export { refusal } from './operator.js';
export type { PersonsAnswer } from '../contract/agent-turn.js';
export type { EngineCommand, EngineEvent, EngineTimer, OperatorRequest } from './messages.js';
export {
  createState,
  isEnd,
  isOfPhase,
  isRunEnd,
  type Park,
  type Program,
  type RunState,
  type StartVerdict,
  type StepState,
} from './state.js';
export { restore, snapshot, type Carrying } from './snapshot.js';
export { peekSteps, stepStates } from './step-states.js';
export type { AgentSummary, FailedAttempt, StepReport } from '../contract/step-result.js';
export type { RunStatus } from '../contract/statuses.js';
