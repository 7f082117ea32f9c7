import type { EngineCommand, EngineEvent } from './messages.js';
import { propagate } from './propagate.js';
import { createState, isEnd, type Program, type RunState, type StepReport } from './state.js';
import { changeStep, endStep } from './transition.js';

/** What a decision gives: the state to go on with, and what to do now, in order. */
export interface Decision {
  state: RunState;
  commands: EngineCommand[];
}

/** Starts a run: the steps without dependencies, as far as `max_concurrency` allows. */
export function startRun(program: Program, at: number): Decision {
  const state = createState(program, at);
  const commands: EngineCommand[] = [];
  state.steps.forEach((step, index) => {
    if (step.awaited === 0) state.ready.push(index);
  });
  goOn(program, state, commands, at);
  return { state, commands };
}

/**
 * Takes one event into the run.
 *
 * Takes `state` over (see {@link RunState}). The cost is that of the dependents of the steps that end by this event,
 * however large the plan is; only an abort or a cancel looks at every step, once.
 *
 * @throws Error (`Internal error: …`) on an event that cannot be: an end of a step that does not run. A refused
 * request is no error: ask {@link refusal} first, a request that came too late changes nothing.
 */
export function decide(program: Program, state: RunState, event: EngineEvent): Decision {
  const commands: EngineCommand[] = [];
  switch (event.type) {
    case 'step-ended':
      takeEnd(program, state, commands, event.step, event.report, event.at);
      break;
    case 'skip-requested':
      if (refusal(state, event) === undefined) skip(program, state, event.step, event.by, event.at);
      break;
    case 'step-cancel-requested':
      if (refusal(state, event) === undefined) cancelStep(program, state, commands, event.step, event.by, event.at);
      break;
    case 'run-cancel-requested':
      if (state.status === 'running' && state.stop !== 'run_canceled') {
        state.canceledBy = event.by;
        stopAll(state, commands, 'run_canceled', event.at);
      }
      break;
    default: {
      const never: never = event;
      throw new Error(`Internal error: unknown event ${JSON.stringify(never)}`);
    }
  }
  goOn(program, state, commands, event.at);
  return { state, commands };
}

/** Why a request about a step cannot be met now, in words for its sender; undefined where it can. */
export function refusal(
  state: RunState,
  request: { type: 'skip-requested' | 'step-cancel-requested'; step: number },
): string | undefined {
  const step = state.steps[request.step];
  if (step === undefined) throw new Error(`Internal error: no step ${request.step}`);
  if (isEnd(step.status)) return `it has already ended: ${step.status}${step.reason ? ` (${step.reason})` : ''}`;
  if (step.stopping !== undefined) return 'it is already being stopped';
  if (request.type === 'skip-requested' && step.status !== 'pending') {
    return `it is ${step.status}; only a step that has not started can be skipped (cancel it instead)`;
  }
  return undefined;
}

function takeEnd(
  program: Program,
  state: RunState,
  commands: EngineCommand[],
  index: number,
  report: StepReport,
  at: number,
): void {
  const step = state.steps[index];
  if (step?.status !== 'running') throw new Error(`Internal error: step ${index} ended but is ${step?.status}`);
  step.report = report;
  state.running -= 1;
  const status = step.stopping === undefined ? report.status : 'canceled';
  const reason = status === 'canceled' ? (step.stopping ?? 'operator') : report.reason;
  endStep(program, state, index, status, reason, at);
  if (status === 'failed' && aborts(program, index)) stopAll(state, commands, 'aborted', at);
  else propagate(program, state, index, at);
}

/** `abort` on a step that is not critical means `skip_dependents`: the run does not hang on it. */
function aborts(program: Program, index: number): boolean {
  const step = program.plan.steps[index];
  return step !== undefined && step.on_failure === 'abort' && step.critical;
}

function skip(program: Program, state: RunState, index: number, by: string | undefined, at: number): void {
  state.steps[index]!.by = by;
  endStep(program, state, index, 'skipped', 'operator', at);
  propagate(program, state, index, at);
}

function cancelStep(
  program: Program,
  state: RunState,
  commands: EngineCommand[],
  index: number,
  by: string | undefined,
  at: number,
): void {
  const step = state.steps[index]!;
  step.by = by;
  if (step.status === 'pending') {
    endStep(program, state, index, 'canceled', 'operator', at);
    propagate(program, state, index, at);
    return;
  }
  step.stopping = 'operator';
  changeStep(state, index, step.status);
  commands.push({ type: 'stop-step', step: index });
}

/** Nothing new starts, what runs is stopped, the rest is canceled. The only scan of the whole plan, once per cause. */
function stopAll(state: RunState, commands: EngineCommand[], cause: 'aborted' | 'run_canceled', at: number): void {
  state.stop = cause;
  state.steps.forEach((step, index) => {
    if (step.status === 'pending') {
      changeStep(state, index, 'canceled', cause);
      step.standing = 'failed';
      step.finishedAt = at;
      state.open -= 1;
    } else if (!isEnd(step.status) && step.stopping === undefined) {
      step.stopping = cause;
      changeStep(state, index, step.status);
      commands.push({ type: 'stop-step', step: index });
    }
  });
}

/** Starts what is ready while there are slots, and ends the run once nothing is open. */
function goOn(program: Program, state: RunState, commands: EngineCommand[], at: number): void {
  startReady(program, state, commands, at);
  if (state.open > 0 || state.status !== 'running') return;
  state.status = state.stop === 'run_canceled' ? 'canceled' : state.broken ? 'failed' : 'succeeded';
  state.finishedAt = at;
  state.version += 1;
  commands.push({ type: 'finish', status: state.status });
}

function startReady(program: Program, state: RunState, commands: EngineCommand[], at: number): void {
  while (state.readyHead < state.ready.length) {
    const index = state.ready[state.readyHead]!;
    const pending = state.steps[index]!.status === 'pending';
    const takesSlot = program.plan.steps[index]!.action.type !== 'noop';
    if (pending && takesSlot && state.running >= program.plan.globals.max_concurrency) return;
    state.readyHead += 1;
    if (!pending) continue; // skipped or canceled while it waited for a slot
    if (takesSlot) {
      state.running += 1;
      state.steps[index]!.startedAt = at;
      changeStep(state, index, 'running');
      commands.push({ type: 'start-step', step: index });
    } else {
      endStep(program, state, index, 'success', undefined, at);
      propagate(program, state, index, at);
    }
  }
  state.ready = [];
  state.readyHead = 0;
}
