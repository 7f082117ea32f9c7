import { decideApproval } from './approvals.js';
import type { PersonsAnswer } from '../contract/agent-turn.js';
import type { OperatorRequest } from './messages.js';
import { considerStart } from './propagate.js';
import { retryRefusal, retryStep } from './retry.js';
import { endStep, settle } from './settle.js';
import { isEnd, isRunEnd, type ApprovalDecision, type Program, type RunState, type StepState } from './state.js';
import { stopStep } from './stop.js';
import { changeStep, touch, type Turn } from './transition.js';
import { defined } from '../basics/defined.js';
import { unreachable } from '../basics/unreachable.js';

/** Why a request of an operator cannot be met now, in words for its sender; undefined where it can. */
export function refusal(program: Program, state: RunState, request: OperatorRequest): string | undefined {
  if (isRunEnd(state.status)) return `the run has ended: ${state.status}`;
  switch (request.type) {
    case 'pause':
      return state.paused ? 'it is already paused' : undefined;
    case 'resume':
      return state.paused || state.held.length > 0 ? undefined : 'it is neither paused nor quarantined';
    case 'skip':
      return skipRefusal(state, request.step);
    case 'cancel-step':
      return endedRefusal(stepOf(state, request.step));
    case 'retry':
      if (waitsForPerson(stepOf(state, request.step))) return answerRefusal(state, request.step);
      return retryRefusal(program, state, request.step);
    case 'decide':
      return decideRefusal(program, state, request);
    case 'answer':
      return answerRefusal(state, request.step);
    default:
      return unreachable(request);
  }
}

/** Meets a request that was not refused. */
export function meet(turn: Turn, request: OperatorRequest): void {
  const { state } = turn;
  if ('step' in request && request.by !== undefined) stepOf(state, request.step).by = request.by;
  switch (request.type) {
    case 'pause':
      state.paused = true;
      break;
    case 'resume':
      state.paused = false;
      for (const index of state.held.splice(0)) settle(turn, index, 'failed');
      break;
    case 'skip':
      skip(turn, request.step, request.propagate === true);
      break;
    case 'cancel-step':
      cancelStep(turn, request.step);
      break;
    case 'retry':
      if (waitsForPerson(stepOf(state, request.step))) {
        tell(turn, request.step, { kind: 'retry', ...byOf(request) });
        break;
      }
      for (const index of retryStep(turn, request.step)) considerStart(turn, index);
      break;
    case 'decide':
      if (waitsForPerson(stepOf(state, request.step))) {
        const { decision, comment } = request;
        tell(turn, request.step, { kind: decision, ...defined({ comment }), ...byOf(request) });
      } else decideApproval(turn, request.step, decisionOf(request));
      break;
    case 'answer':
      tell(turn, request.step, { kind: 'answer', text: request.text, ...byOf(request) });
      break;
    default:
      return unreachable(request);
  }
}

function skip(turn: Turn, index: number, propagate: boolean): void {
  const { state, program } = turn;
  const step = stepOf(state, index);
  const held = state.held.indexOf(index);
  if (held >= 0) {
    state.held.splice(held, 1);
    changeStep(state, index, 'skipped', 'operator');
    settle(turn, index, 'ok');
    return;
  }
  if (step.status === 'waiting') turn.commands.push({ type: 'stop-step', step: index });
  endStep(turn, index, 'skipped', 'operator');
  if (!propagate) return;
  for (const dependent of program.graph.dependents[index]!) {
    const { status, stopping } = stepOf(state, dependent);
    if (status === 'pending' && stopping === undefined) skip(turn, dependent, true);
  }
}

function cancelStep(turn: Turn, index: number): void {
  const step = stepOf(turn.state, index);
  if (step.status === 'running' || step.park !== undefined) {
    stopStep(turn, index, 'operator');
    return;
  }
  if (step.status === 'waiting') turn.commands.push({ type: 'stop-step', step: index });
  endStep(turn, index, 'canceled', 'operator');
}

function decisionOf({
  decision,
  by,
  comment,
  outputs,
}: Extract<OperatorRequest, { type: 'decide' }>): ApprovalDecision {
  return {
    decision,
    ...defined({ by, comment, outputs }),
  };
}

function skipRefusal(state: RunState, index: number): string | undefined {
  if (state.held.includes(index)) return undefined;
  const step = stepOf(state, index);
  const ended = endedRefusal(step);
  if (ended !== undefined) return ended;
  if (step.status === 'running' || step.park !== undefined) {
    return 'it is running; only a step that has not started can be skipped (cancel it instead)';
  }
  return undefined;
}

function endedRefusal(step: StepState): string | undefined {
  if (isEnd(step.status)) return `it has already ended: ${step.status}${step.reason ? ` (${step.reason})` : ''}`;
  return step.stopping === undefined ? undefined : 'it is already being stopped';
}

function decideRefusal(
  program: Program,
  state: RunState,
  { step: index, by }: Extract<OperatorRequest, { type: 'decide' }>,
): string | undefined {
  const { action } = program.plan.steps[index]!;
  const step = stepOf(state, index);
  if (action.type === 'agent') return answerRefusal(state, index);
  if (action.type !== 'approval') return 'it is not an approval';
  if (isEnd(step.status)) {
    return step.report === undefined ? endedRefusal(step) : `it has already been ${step.message ?? 'decided'}`;
  }
  if (step.status !== 'waiting') return 'it is not waiting for a decision yet';
  if (action.approvers.length > 0 && (by === undefined || !action.approvers.includes(by))) {
    return `only ${action.approvers.join(', ')} may decide${by === undefined ? '' : `, not ${by}`}`;
  }
  return undefined;
}

/** Only an agent's step that asked, or gave up, waits for words. */
function answerRefusal(state: RunState, index: number): string | undefined {
  const step = stepOf(state, index);
  const ended = endedRefusal(step);
  if (ended !== undefined) return ended;
  if (!waitsForPerson(step)) return 'it is not waiting for a person';
  if (step.park?.told === true) return 'it has already been answered';
  return step.park?.ready === true ? 'it is no longer waiting for a person' : undefined;
}

function waitsForPerson({ park }: StepState): boolean {
  return park?.why === 'question' || park?.why === 'escalated';
}

function tell(turn: Turn, index: number, said: PersonsAnswer): void {
  const step = stepOf(turn.state, index);
  if (step.park !== undefined) step.park.told = true;
  touch(turn.state, index);
  turn.commands.push({ type: 'tell-step', step: index, said });
}

function byOf({ by }: { by?: string }): { by?: string } {
  return defined({ by });
}

function stepOf(state: RunState, index: number): StepState {
  const step = state.steps[index];
  if (step === undefined) throw new Error(`Internal error: no step ${index}`);
  return step;
}
