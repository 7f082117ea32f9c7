import type { PersonsAnswer } from '../contract/agent-turn.js';
import type { Json } from '../plan/model/values.js';
import type { StepReport } from '../contract/step-result.js';
import type { Park } from './state.js';
import type { RunEnd } from '../contract/statuses.js';

/** Something that happened. `at` is milliseconds since the epoch, given by the caller: the engine has no clock. */
export type EngineEvent = { at: number } & (
  | { type: 'step-ended'; step: number; report: StepReport }
  /** A step whose turn has come, or without `step` the run, waits for a lock. */
  | { type: 'lock-waited'; step?: number; name: string; holder: string }
  /** It holds all its locks. */
  | { type: 'locks-held'; step?: number }
  /** A run of the step's sub-plan has begun. */
  | { type: 'sub-run-started'; step: number; run_id: string }
  /** A step that runs has nothing to do for long: it gives its slot back until it is resumed. */
  | { type: 'step-parked'; step: number; park: Park }
  /** A parked step has something to do again, and wants a slot. */
  | { type: 'step-unparked'; step: number }
  /** Something about a step that people should know. */
  | { type: 'step-warned'; step: number; message: string }
  /** Nothing starts from now on, until it may again: the run goes on in a new history. */
  | { type: 'starts-held'; held: boolean }
  /** The service is about to end the run by force, as its history is full. */
  | { type: 'history-full' }
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
  /** Words of a person to an agent that asked. */
  | { type: 'answer'; step: number; text: string; by?: string }
  | { type: 'pause'; by?: string }
  | { type: 'resume'; by?: string };

/** A timer that the engine asked for, by name. */
export type EngineTimer = 'run' | 'finally' | `breaker:${string}`;

/** Something that the caller must do. Steps are given by their index in the plan. */
export type EngineCommand =
  | { type: 'start-step'; step: number }
  /** The step waits, for a time or for a person; no activity runs. Its end is reported as `step-ended`. */
  | { type: 'start-wait'; step: number }
  /** A parked step has a slot again. */
  | { type: 'continue-step'; step: number }
  /** What a person said to a parked step. */
  | { type: 'tell-step'; step: number; said: PersonsAnswer }
  | { type: 'stop-step'; step: number }
  | { type: 'set-timer'; timer: EngineTimer; at: number }
  | { type: 'finish'; status: RunEnd };
