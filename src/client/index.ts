export { OrchClient, type OrchClientOptions } from './orch-client.js';
export { OrchError, type ClientErrorCode } from './errors.js';
export type { FollowOptions } from './follow.js';
export { decideRerun, type PastRun, type RerunDecision, type RerunMode } from './rerun.js';
export type { PlanToStart, RunDescription, RunState, RunSummary, StartOptions } from './types.js';
export type { ProgressView, RunResult, StepView, VerbAccepted } from '../workflows/messages.js';
export { configuredService, type TemporalSettings } from '../temporal/settings.js';
export { loadPlanText, renderDiagnostics } from '../plan/index.js';
export type { Diagnostic, Plan } from '../plan/types.js';
