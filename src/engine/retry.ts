import { forgetDecision } from './approvals.js';
import { count } from './outcome.js';
import { isOfPhase, type Program, type RunState, type StepState } from './state.js';
import { changeStep, type Turn } from './transition.js';

/**
 * Why a failed step cannot be tried again: its end has had consequences that cannot be taken back.
 *
 * A step that was skipped because of the failure goes back with it; one that has started, or was taken out by an
 * operator and let others start, does not.
 */
export function retryRefusal(program: Program, state: RunState, index: number): string | undefined {
  const step = state.steps[index]!;
  if (step.status !== 'failed' && !(step.status === 'canceled' && step.reason === 'operator')) {
    return `only a failed step can be retried; it is ${step.status}`;
  }
  if (state.stop !== undefined) return 'the run is already ending';
  if (state.held.includes(index)) return undefined; // nobody has heard of its failure yet
  if (!isOfPhase(program, state, index)) {
    return state.phase === 'main' ? 'it has not started' : 'the `finally` steps have begun';
  }
  if (program.graph.fallbacks[index] !== undefined && fallbackStarted(program, state, index)) {
    return `its fallback '${program.graph.ids[program.graph.fallbacks[index]]}' has already run`;
  }
  if (program.graph.owners[index] !== undefined) return 'it is a fallback; retry its owner';
  const started = startedBecauseOf(program, state, index);
  return started === undefined ? undefined : `its dependent '${program.graph.ids[started]}' has already started`;
}

/** Puts a failed step, and what was skipped because of it, back to pending; gives those that may start again. */
export function retryStep(turn: Turn, index: number): number[] {
  const { state } = turn;
  const held = state.held.indexOf(index);
  if (held >= 0) state.held.splice(held, 1);
  forgetDecision(turn, index);
  reopen(turn, index);
  delete state.steps[index]!.report;
  delete state.steps[index]!.startedAt;
  return [index];
}

/** Takes an end back: first what followed from it, then the end itself. */
function reopen(turn: Turn, index: number): void {
  const { state, program } = turn;
  const worklist = [index];
  for (let next = worklist.pop(); next !== undefined; next = worklist.pop()) {
    const step = state.steps[next]!;
    if (step.standing !== undefined) {
      for (const dependent of program.graph.dependents[next]!) {
        const other = state.steps[dependent]!;
        if (skippedByRule(other)) worklist.push(dependent);
        other.awaited += 1;
        if (step.standing === 'failed') other.failedDependencies -= 1;
        if (step.standing === 'skipped') other.skippedDependencies -= 1;
      }
      count(turn, next, -1);
      state.open += 1;
    }
    changeStep(state, next, 'pending');
    for (const key of ['standing', 'finishedAt', 'message', 'stopping', 'by', 'recovered'] as const) delete step[key];
    reviveFallback(turn, next);
  }
}

/** A fallback that was not needed sleeps again. */
function reviveFallback({ state, program, ...turn }: Turn, owner: number): void {
  const fallback = program.graph.fallbacks[owner];
  if (fallback === undefined || state.steps[fallback]!.reason !== 'not_needed') return;
  reopen({ state, program, ...turn }, fallback);
}

/** The first step that started although this one had failed, at any depth. */
function startedBecauseOf(program: Program, state: RunState, index: number): number | undefined {
  const worklist = state.steps[index]!.standing === undefined ? [] : [index];
  for (let next = worklist.pop(); next !== undefined; next = worklist.pop()) {
    for (const dependent of program.graph.dependents[next]!) {
      const step = state.steps[dependent]!;
      if (step.status === 'pending') continue;
      if (!skippedByRule(step)) return dependent;
      worklist.push(dependent);
    }
  }
  return undefined;
}

function skippedByRule(step: StepState): boolean {
  return step.status === 'skipped' && (step.reason === 'dependency_failed' || step.reason === 'dependency_skipped');
}

function fallbackStarted(program: Program, state: RunState, index: number): boolean {
  const fallback = state.steps[program.graph.fallbacks[index]!]!;
  return fallback.awake === true;
}
