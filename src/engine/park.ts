import { isEnd, type Park, type RunState } from './state.js';
import { changeStep, touch, type Turn } from './transition.js';

/** A step that runs gives its slot back: what it waits for may take days. */
export function park({ state }: Turn, index: number, why: Park): void {
  const step = state.steps[index]!;
  if (step.status === 'running') {
    state.running -= 1;
    changeStep(state, index, 'waiting');
    state.changes.at(-1)!.to = 'parked';
  } else if (step.park === undefined) return; // it has ended meanwhile
  step.park = { ...why };
  touch(state, index);
}

/** It has something to do again: it is next in line for a slot. */
export function unpark({ state }: Turn, index: number): void {
  const step = state.steps[index]!;
  if (step.park === undefined || step.park.ready === true || isEnd(step.status)) return;
  step.park.ready = true;
  (state.resuming ??= []).push(index);
  touch(state, index);
}

/** Gives slots to those that have begun, before others begin. @returns false where there are no slots left. */
export function resumeParked(turn: Turn): boolean {
  const { state, program } = turn;
  const most = program.plan.globals.max_concurrency;
  const { resuming = [] } = state;
  let taken = 0;
  for (; taken < resuming.length && state.running < most; taken += 1) {
    const index = resuming[taken]!;
    const step = state.steps[index]!;
    if (step.park === undefined || step.stopping !== undefined) continue;
    delete step.park;
    state.running += 1;
    changeStep(state, index, 'running');
    state.changes.at(-1)!.to = 'continued';
    turn.commands.push({ type: 'continue-step', step: index });
  }
  const left = resuming.slice(taken);
  if (left.length > 0) state.resuming = left;
  else delete state.resuming;
  return left.length === 0;
}

/** A parked step has ended. */
export function leavePark(state: RunState, index: number): void {
  delete state.steps[index]!.park;
}
