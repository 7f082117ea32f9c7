import type { StepReport } from './state.js';

/** Something that happened. `at` is milliseconds since the epoch, given by the caller: the engine has no clock. */
export type EngineEvent =
  | { type: 'step-ended'; step: number; report: StepReport; at: number }
  | { type: 'skip-requested'; step: number; by?: string; at: number }
  | { type: 'step-cancel-requested'; step: number; by?: string; at: number }
  | { type: 'run-cancel-requested'; by?: string; at: number };

/** Something that the caller must do. Steps are given by their index in the plan. */
export type EngineCommand =
  | { type: 'start-step'; step: number }
  | { type: 'stop-step'; step: number }
  | { type: 'finish'; status: 'succeeded' | 'failed' | 'canceled' };
