export { OrchClient, type OrchClientOptions } from './orch-client.js';
export { OrchError, type ClientErrorCode } from './errors.js';
export type { FollowOptions } from './follow.js';
export type { ListOptions } from './list-runs.js';
export { prepareRerun, type PreparedRun } from './prepare.js';
export { decideRerun } from './rerun.js';
export type { PastInstance, PastRun, RerunDecision, RerunMode, RunsAgain } from './rerun-types.js';
export type { LockUser, LockView } from './locks.js';
export type { LoopClient } from './loops.js';
export type { SchedulesClient } from './schedules.js';
export type {
  ScheduledRunView,
  ScheduleDetails,
  ScheduleToMake,
  ScheduleView,
  Triggered,
} from './schedule-types.js';
export type { LoopDescription, LoopToStart, StartedLoop } from './loop-types.js';
export type { LoopEnd, LoopFailure, LoopView, TurnRecord } from '../contract/loop-messages.js';
export type { PlanToStart, RunDescription, RunState, RunSummary, StartOptions } from './types.js';
export type { ProgressView, RunResult, StepView, VerbAccepted } from '../contract/run-messages.js';
export { configuredService, type TemporalSettings } from '../temporal/settings.js';
export { readUserNotify } from './user-notify.js';
export { loadPlanFile, type LoadedPlans, type LoadFileOptions } from './plan-files.js';
export type { CheckedPlans } from './checked-plans.js';
export { loadPlanText, renderDiagnostics, type SourcePlan } from '../plan/index.js';
export type { LoadedPlanSet } from '../plan/files/load-set.js';
export type { Plan } from '../plan/model/plan.js';
export type { Diagnostic } from '../plan/model/diagnostic.js';
export { isFinished, manifestOf, type Manifest, type RunEvent, type RunRecord } from '../journal/index.js';
export type { ReadRecord } from '../temporal/read-record.js';
