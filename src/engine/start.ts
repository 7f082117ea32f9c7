import { askApproval } from './approvals.js';
import { admits } from './breaker.js';
import { resumeParked } from './park.js';
import { propagate } from './propagate.js';
import { endStep } from './settle.js';
import { changeStep, type Turn } from './transition.js';

/** Starts what is ready while there are slots. */
export function startReady(turn: Turn): void {
  const { state, program } = turn;
  if (!startsAllowed(turn) || !resumeParked(turn)) return;
  while (state.readyHead < state.ready.length && startsAllowed(turn)) {
    const index = state.ready[state.readyHead]!;
    const step = state.steps[index]!;
    // Skipped or canceled while it waited for a slot, or awaiting a dependency that is tried again.
    const stale = step.status !== 'pending' || step.awaited > 0;
    const kind = program.plan.steps[index]!.action.type;
    const takesSlot = kind !== 'noop' && kind !== 'approval' && kind !== 'wait';
    if (!stale && takesSlot && state.running >= program.plan.globals.max_concurrency) return;
    state.readyHead += 1;
    if (stale || (takesSlot && !admits(turn, index))) continue;
    step.startedAt = turn.at;
    if (kind === 'noop') {
      endStep(turn, index, 'success');
      propagate(turn);
    } else if (takesSlot) {
      state.running += 1;
      changeStep(state, index, 'running');
      turn.commands.push({ type: 'start-step', step: index });
    } else if (kind === 'approval') {
      askApproval(turn, index);
      propagate(turn);
    } else {
      changeStep(state, index, 'waiting');
      turn.commands.push({ type: 'start-wait', step: index });
    }
  }
  if (state.readyHead < state.ready.length) return;
  state.ready = [];
  state.readyHead = 0;
}

/** A pause, a quarantine and a lock that the run waits for hold every start; `finally` comes after them anyway. */
function startsAllowed({ state }: Turn): boolean {
  return !state.paused && state.held.length === 0 && state.lock === undefined && state.holding === undefined;
}
