import type { Plan } from '../plan/model/plan.js';
import { endStep } from './settle.js';
import type { ApprovalDecision, RememberedDecision, RunState } from './state.js';
import { changeStep, type Turn } from './transition.js';

/** An approval whose turn has come: it waits for a person, unless there is an answer already. */
export function askApproval(turn: Turn, index: number): void {
  changeStep(turn.state, index, 'waiting');
  const { key, policy } = approvalOf(turn, index);
  const known = key === undefined ? undefined : rememberedFor(turn.state, key);
  if (known !== undefined) endAsDecided(turn, index, known, known.step);
  else if (policy === 'never') refuse(turn, index);
  else turn.commands.push({ type: 'start-wait', step: index });
}

/** Ends an approval as a person decided, and with it all that wait for the same answer. */
export function decideApproval(turn: Turn, index: number, decision: ApprovalDecision): void {
  const { state, program } = turn;
  turn.commands.push({ type: 'stop-step', step: index }); // its timeout, where it has one
  endAsDecided(turn, index, decision);
  const { key } = approvalOf(turn, index);
  if (key === undefined) return;
  state.decisions = [...(state.decisions ?? []), { ...decision, key, step: index }];
  for (const other of withKey(program.plan, key)) {
    if (state.steps[other]!.status !== 'waiting') continue;
    turn.commands.push({ type: 'stop-step', step: other });
    endAsDecided(turn, other, decision, index);
  }
}

/** The approvals of a key, in the order of the plan. Looked up once for a plan: it may have thousands of them. */
function withKey(plan: Plan, key: string): readonly number[] {
  let known = approvalsByKey.get(plan);
  if (known === undefined) {
    known = new Map();
    for (const [index, { action }] of plan.steps.entries()) {
      if (action.type !== 'approval' || action.key === undefined) continue;
      const same = known.get(action.key);
      if (same === undefined) known.set(action.key, [index]);
      else same.push(index);
    }
    approvalsByKey.set(plan, known);
  }
  return known.get(key) ?? [];
}

const approvalsByKey = new WeakMap<Plan, Map<string, number[]>>();

/** A step that is tried again is asked again. */
export function forgetDecision({ state, program }: Turn, index: number): void {
  const { action } = program.plan.steps[index]!;
  if (action.type !== 'approval' || action.key === undefined || state.decisions === undefined) return;
  state.decisions = state.decisions.filter(({ key }) => key !== action.key);
}

function rememberedFor({ decisions = [] }: RunState, wanted: string): RememberedDecision | undefined {
  return decisions.find(({ key }) => key === wanted);
}

/** @param asked the step that was asked, where it was another one */
function endAsDecided(
  turn: Turn,
  index: number,
  { decision, by, comment, outputs }: ApprovalDecision,
  asked?: number,
): void {
  const step = turn.state.steps[index]!;
  const { key } = approvalOf(turn, index);
  const said = comment === undefined || comment === '' ? '' : `: ${comment}`;
  const where = asked === undefined ? '' : ` at '${turn.program.graph.ids[asked]}'`;
  step.message = `${decision === 'approve' ? 'approved' : 'rejected'}${by === undefined ? '' : ` by ${by}`}${where}${said}`;
  step.report = {
    status: decision === 'approve' ? 'success' : 'failed',
    attempts: 0,
    outputs: {
      ...outputs,
      decision,
      by: by ?? null,
      comment: comment ?? null,
      ...(key !== undefined && { source: asked === undefined ? 'prompt' : 'cache' }),
    },
  };
  if (decision === 'approve') endStep(turn, index, 'success');
  else endStep(turn, index, 'failed', 'rejected');
}

/** Nobody is asked. */
function refuse(turn: Turn, index: number): void {
  const step = turn.state.steps[index]!;
  step.message = 'its policy is never: nobody is asked';
  const outputs = { decision: 'reject', by: null, comment: null, source: 'policy' };
  step.report = { status: 'failed', attempts: 0, outputs };
  endStep(turn, index, 'failed', 'rejected');
}

function approvalOf({ program }: Turn, index: number): { key?: string; policy?: 'ask' | 'never' } {
  const { action } = program.plan.steps[index]!;
  if (action.type !== 'approval') throw new Error(`Internal error: step ${index} is not an approval`);
  return action;
}
