import type { BreakerState } from './state.js';
import { toolOf } from './tool.js';
import { touch, type Turn } from './transition.js';

/**
 * Whether a step's tool lets it start now. Where its breaker is open the step is parked; where it has just cooled
 * down, the first step goes as the probe and the others wait for its end.
 */
export function admits(turn: Turn, index: number): boolean {
  const tool = toolOf(turn.program.plan.steps[index]!.action);
  const breaker = tool === undefined ? undefined : breakerOf(turn, tool);
  if (breaker?.openUntil === undefined) return true;
  if (turn.at >= breaker.openUntil && breaker.probe === undefined) {
    breaker.probe = index;
    return true;
  }
  breaker.parked.push(index);
  turn.state.steps[index]!.parked = true;
  touch(turn.state, index);
  return false;
}

/** Takes the final end of a step into the count of its tool. */
export function noteBreaker(turn: Turn, index: number): void {
  const policy = turn.program.plan.globals.breaker;
  const step = turn.state.steps[index]!;
  const tool = toolOf(turn.program.plan.steps[index]!.action);
  if (policy === undefined || tool === undefined || step.startedAt === undefined) return;
  const breaker = breakerOf(turn, tool)!;
  const probed = breaker.probe === index;
  if (probed) delete breaker.probe;
  if (step.status === 'success' || step.status === 'warning') {
    breaker.failures = 0;
    delete breaker.openUntil;
    release(turn, breaker);
  } else if (step.status === 'failed') {
    breaker.failures += 1;
    if (probed || breaker.failures >= policy.failures) open(turn, tool, breaker, policy.cooldown_sec);
  } else if (probed) {
    release(turn, breaker); // a probe that was stopped says nothing; the next one tries
  }
}

/** The cooldown of a tool has passed: who waits may try. */
export function cooledDown(turn: Turn, tool: string): void {
  const breaker = turn.state.breakers[tool];
  if (breaker?.openUntil !== undefined && turn.at >= breaker.openUntil) release(turn, breaker);
}

function open(turn: Turn, tool: string, breaker: BreakerState, cooldownSec: number): void {
  breaker.openUntil = turn.at + cooldownSec * 1000;
  turn.commands.push({ type: 'set-timer', timer: `breaker:${tool}`, at: breaker.openUntil });
}

/** Puts the parked steps back in line, in their order. */
function release({ state }: Turn, breaker: BreakerState): void {
  for (const index of breaker.parked.splice(0)) {
    delete state.steps[index]!.parked;
    touch(state, index);
    state.ready.push(index);
  }
}

function breakerOf({ state, program }: Turn, tool: string): BreakerState | undefined {
  if (program.plan.globals.breaker === undefined) return undefined;
  return (state.breakers[tool] ??= { failures: 0, parked: [] });
}
