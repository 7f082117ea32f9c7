import { cooledDown } from './breaker.js';
import type { EngineCommand, EngineEvent, EngineTimer } from './messages.js';
import { meet, refusal } from './operator.js';
import { leavePark, park, unpark } from './park.js';
import { considerStart, propagate } from './propagate.js';
import { endStep, settle } from './settle.js';
import { startReady } from './start.js';
import { createState, isOfPhase, isRunEnd, type LockWait, type Program, type RunState } from './state.js';
import type { ReusedReport, StepReport } from '../contract/step-result.js';
import { stopAll, stopPhase } from './stop.js';
import { closeStep, touch, type Turn } from './transition.js';
import type { RunStatus } from '../contract/statuses.js';
import { defined } from '../basics/defined.js';
import { unreachable } from '../basics/unreachable.js';

/** Runs of sub-plans that a step remembers; more of them nobody looks at one by one. */
const MAX_SUB_RUNS = 100;

/** A run that has just begun, and what to do now, in order. */
export interface Beginning {
  state: RunState;
  commands: EngineCommand[];
}

/** Steps that do not run. */
export interface Settled {
  /** Not selected; for their dependents they count as done. */
  leftOut?: ReadonlySet<number>;
  /** Taken over from an earlier run, with what they reported there. */
  reused?: ReadonlyMap<number, ReusedReport>;
}

/**
 * Starts a run: the steps without dependencies, as far as `max_concurrency` allows.
 *
 * @param settled steps that have their end before the run starts
 */
export function startRun(program: Program, at: number, settled: Settled = {}): Beginning {
  const turn: Turn = { program, state: createState(program, at), commands: [], at, settled: [] };
  const { run_timeout_sec } = program.plan.globals;
  if (run_timeout_sec !== 'none')
    turn.commands.push({ type: 'set-timer', timer: 'run', at: at + run_timeout_sec * 1000 });
  for (const index of settled.reused?.keys() ?? []) takeOver(turn, settled.reused!, index);
  for (const index of settled.leftOut ?? []) {
    if (turn.state.steps[index]!.status === 'pending') endStep(turn, index, 'skipped', 'not_selected');
  }
  propagate(turn);
  startPhase(turn);
  goOn(turn);
  return { state: turn.state, commands: turn.commands };
}

/** Ends a step as it ended in an earlier run. One that its fallback made up for comes after that fallback. */
function takeOver(turn: Turn, reused: ReadonlyMap<number, ReusedReport>, index: number): void {
  const step = turn.state.steps[index]!;
  const { recovered, ...report } = reused.get(index)!;
  const fallback = turn.program.graph.fallbacks[index];
  if (recovered === true && fallback !== undefined && reused.has(fallback)) takeOver(turn, reused, fallback);
  if (step.status !== 'pending') return; // taken over already, or a fallback that its owner's end has settled
  step.report = report;
  if (recovered === true) {
    closeStep(turn, index, 'failed', 'reused');
    step.recovered = true;
    turn.state.changes.push({ step: index, to: 'recovered' });
    settle(turn, index, 'ok');
  } else endStep(turn, index, reusedStatus(report), 'reused');
}

/** A failure that was allowed stays one: the step counts as skipped again. */
function reusedStatus({ status }: StepReport): 'success' | 'warning' | 'skipped' {
  if (status === 'failed') return 'skipped';
  return status === 'warning' ? 'warning' : 'success';
}

/**
 * Takes one event into the run: changes `state` in place (see {@link RunState}).
 *
 * The cost is that of the dependents of the steps that end by this event, however large the plan is; only an abort, a
 * cancel or a timeout of the run looks at every step, once.
 *
 * @returns what to do now, in order. No other call returns it again: the caller carries out all of it, once.
 * @throws Error (`Internal error: …`) on an event that cannot be: an end of a step that does not run. A refused
 * request is no error: ask {@link refusal} first, a request that came too late changes nothing.
 */
export function decide(program: Program, state: RunState, event: EngineEvent): EngineCommand[] {
  const turn: Turn = { program, state, commands: [], at: event.at, settled: [] };
  state.changes = [];
  if (!isRunEnd(state.status)) {
    take(turn, event);
    goOn(turn);
  }
  return turn.commands;
}

function take(turn: Turn, event: EngineEvent): void {
  switch (event.type) {
    case 'step-ended':
      takeEnd(turn, event.step, event.report);
      break;
    case 'lock-waited':
      noteLock(turn, event.step, { name: event.name, holder: event.holder, since: event.at });
      break;
    case 'locks-held':
      noteLock(turn, event.step, undefined);
      break;
    case 'sub-run-started':
      noteSubRun(turn, event.step, event.run_id);
      break;
    case 'step-parked':
      park(turn, event.step, event.park);
      break;
    case 'step-unparked':
      unpark(turn, event.step);
      break;
    case 'step-warned':
      turn.state.steps[event.step]!.warning = event.message;
      touch(turn.state, event.step);
      break;
    case 'starts-held':
      if (event.held) turn.state.holding = true;
      else delete turn.state.holding;
      turn.state.version += 1;
      break;
    case 'history-full':
      outOf(turn, 'history_full');
      break;
    case 'timer-fired':
      takeTimer(turn, event.timer);
      break;
    case 'run-cancel-requested':
      takeCancel(turn, event);
      break;
    case 'skip':
    case 'cancel-step':
    case 'retry':
    case 'decide':
    case 'answer':
    case 'pause':
    case 'resume':
      if (refusal(turn.program, turn.state, event) === undefined) meet(turn, event);
      break;
    default:
      return unreachable(event);
  }
}

function takeEnd(turn: Turn, index: number, report: StepReport): void {
  const step = turn.state.steps[index];
  if (step?.status !== 'running' && step?.status !== 'waiting') {
    throw new Error(`Internal error: step ${index} ended but is ${step?.status}`);
  }
  if (step.status === 'running') turn.state.running -= 1;
  leavePark(turn.state, index);
  step.report = report;
  const status = step.stopping === undefined ? report.status : 'canceled';
  endStep(turn, index, status, status === 'canceled' ? (step.stopping ?? 'operator') : report.reason);
}

/** Only says where the run or a step is; that it waits keeps the run from starting steps. */
function noteLock({ state }: Turn, step: number | undefined, lock: LockWait | undefined): void {
  const owner = step === undefined ? state : state.steps[step]!;
  if (lock === undefined) delete owner.lock;
  else owner.lock = lock;
  if (step === undefined) state.version += 1;
  else touch(state, step);
}

function noteSubRun({ state }: Turn, step: number, runId: string): void {
  const owner = state.steps[step]!;
  owner.subRuns = [...(owner.subRuns ?? []), runId].slice(-MAX_SUB_RUNS);
  touch(state, step);
}

function takeTimer(turn: Turn, timer: EngineTimer): void {
  const { state } = turn;
  if (timer === 'run') {
    outOf(turn, 'run_timeout');
  } else if (timer === 'finally') {
    if (state.phase === 'finally') stopPhase(turn, 'run_timeout');
  } else {
    cooledDown(turn, timer.slice('breaker:'.length));
  }
}

/** The run is out of time, or of room: its steps end, and `finally` runs. */
function outOf(turn: Turn, what: 'run_timeout' | 'history_full'): void {
  const { state } = turn;
  if (state.phase !== 'main' || state.stop !== undefined) return;
  stopAll(turn, what);
  giveUpLocks(turn);
}

/** A cancel ends the steps and lets `finally` run; with `force` it ends that too. */
function takeCancel(turn: Turn, { force, by }: Extract<EngineEvent, { type: 'run-cancel-requested' }>): void {
  const { state } = turn;
  if (by !== undefined) state.canceledBy ??= by;
  if (state.stop !== 'run_canceled' && state.phase === 'main') stopAll(turn, 'run_canceled', defined({ by }));
  state.stop = 'run_canceled';
  state.paused = false;
  giveUpLocks(turn);
  if (force !== true) return;
  state.forced = true;
  if (state.phase === 'finally') stopPhase(turn, 'run_canceled', defined({ by }));
}

/** A run that ends before it held its locks has done nothing to clean up, and `finally` must not run without them. */
function giveUpLocks({ state }: Turn): void {
  if (state.lock !== undefined) state.forced = true;
}

/** Spreads ends, starts what is ready, and moves to the next phase once nothing of this one is open. */
function goOn(turn: Turn): void {
  const { state } = turn;
  propagate(turn);
  startReady(turn);
  propagate(turn);
  if (state.open === 0 && state.phase === 'main') {
    state.phase = 'finally';
    startFinally(turn);
  }
  const before = state.status;
  state.status = state.open === 0 ? endOf(state) : statusOf(state);
  if (state.status !== before) state.version += 1;
  if (!isRunEnd(state.status)) return;
  state.finishedAt = turn.at;
  turn.commands.push({ type: 'finish', status: endOf(state) });
}

function startFinally(turn: Turn): void {
  const { state, program } = turn;
  state.open = state.steps.slice(program.graph.mainCount).filter(({ standing }) => standing === undefined).length;
  if (state.open === 0) return;
  if (state.forced) {
    stopPhase(turn, state.stop ?? 'run_canceled', defined({ by: state.canceledBy }));
    return;
  }
  turn.commands.push({
    type: 'set-timer',
    timer: 'finally',
    at: turn.at + program.plan.globals.finally_timeout_sec * 1000,
  });
  startPhase(turn);
  propagate(turn);
  startReady(turn);
}

/** Looks at the steps of the phase that await nothing. */
function startPhase(turn: Turn): void {
  const { state, program } = turn;
  // What was left out may have let some through already.
  const queued = new Set(state.ready);
  program.graph.ids.forEach((_, index) => {
    if (!isOfPhase(program, state, index) || queued.has(index)) return;
    if (state.steps[index]!.awaited === 0) considerStart(turn, index);
  });
}

function statusOf(state: RunState): RunStatus {
  if (state.held.length > 0) return 'quarantined';
  return state.paused ? 'paused' : 'running';
}

function endOf(state: RunState): 'succeeded' | 'failed' | 'canceled' {
  if (state.stop === 'run_canceled') return 'canceled';
  const out = state.stop === 'run_timeout' || state.stop === 'history_full';
  return state.broken > 0 || out ? 'failed' : 'succeeded';
}
