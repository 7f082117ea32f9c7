import type { Json } from '../plan/types.js';
import type { StepReport } from './state.js';
import type { RunEnd } from './types.js';

/** Something that happened. `at` is milliseconds since the epoch, given by the caller: the engine has no clock. */
export type EngineEvent = { at: number } & (
  | { type: 'step-ended'; step: number; report: StepReport }
  /** A step whose turn has come, or without `step` the run, waits for a lock. */
  | { type: 'lock-waited'; step?: number; name: string; holder: string }
  /** It holds all its locks. */
  | { type: 'locks-held'; step?: number }
  /** A run of the step's sub-plan has begun. */
  | { type: 'sub-run-started'; step: number; run_id: string }
  | { type: 'timer-fired'; timer: EngineTimer }
  | { type: 'run-cancel-requested'; force?: boolean; by?: string }
  | OperatorRequest
);

/** What an operator may ask for; `refusal` says beforehand why it cannot be met. */
export type OperatorRequest =
  | { type: 'skip'; step: number; propagate?: boolean; by?: string }
  | { type: 'cancel-step'; step: number; by?: string }
  | { type: 'retry'; step: number; by?: string }
  | {
      type: 'decide';
      step: number;
      decision: 'approve' | 'reject';
      by?: string;
      comment?: string;
      outputs?: Readonly<Record<string, Json>>;
    }
  | { type: 'pause'; by?: string }
  | { type: 'resume'; by?: string };

/** A timer that the engine asked for, by name. */
export type EngineTimer = 'run' | 'finally' | `breaker:${string}`;

/** Something that the caller must do. Steps are given by their index in the plan. */
export type EngineCommand =
  | { type: 'start-step'; step: number }
  /** The step waits, for a time or for a person; no activity runs. Its end is reported as `step-ended`. */
  | { type: 'start-wait'; step: number }
  | { type: 'stop-step'; step: number }
  | { type: 'set-timer'; timer: EngineTimer; at: number }
  | { type: 'finish'; status: RunEnd };
