import type { EngineCommand } from './messages.js';
import type { Program, RunState } from './state.js';
import type { EndStatus, StepReason, StepStatus } from '../contract/statuses.js';

/** One decision while it is made. */
export interface Turn {
  program: Program;
  state: RunState;
  commands: EngineCommand[];
  at: number;
  /** Steps whose end is final and that their dependents have not heard of yet. */
  settled: number[];
}

/** Puts a step into a status; the one place where counts and versions move. */
export function changeStep(state: RunState, index: number, status: StepStatus, reason?: StepReason): void {
  const step = state.steps[index]!;
  state.counts[step.status] -= 1;
  state.counts[status] += 1;
  step.status = status;
  if (reason === undefined) delete step.reason;
  else step.reason = reason;
  state.changes.push({ step: index, to: status });
  touch(state, index);
}

/** Marks a step as changed, for those who follow the run. */
export function touch(state: RunState, index: number): void {
  state.version += 1;
  state.steps[index]!.changed = state.version;
}

/** Gives a step its end, without a word to others yet. */
export function closeStep(turn: Turn, index: number, status: EndStatus, reason?: StepReason): void {
  const step = turn.state.steps[index]!;
  changeStep(turn.state, index, status, reason);
  step.finishedAt = turn.at;
  delete step.parked;
  delete step.lock;
}
