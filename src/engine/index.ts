export { decide, refusal, startRun, type Decision } from './decide.js';
export type { EngineCommand, EngineEvent } from './messages.js';
export { isEnd, type Program, type RunState, type StepReport, type StepState } from './state.js';
export type { EndStatus, RunStatus, StepReason, StepStatus } from './types.js';
